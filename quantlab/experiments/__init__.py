"""One folder a page: what is asked (Settings), what comes out (Result), and the words for it. Knows no browser.

`codec` writes Settings as an address and reads any address back; `spelling` has the values that pages share.
"""
