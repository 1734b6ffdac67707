"""Drawings that Streamlit does not have: one folder each, arrays and ready strings in, one value out.

A visitor's text reaches the page as text nodes only, never as markup.
"""
