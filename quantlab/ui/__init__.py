"""The rooms' meeting with Streamlit: the frame, the address, the parts that every page is made of.

Only this package, the pages and app.py know Streamlit.
"""
