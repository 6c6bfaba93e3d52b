from . import billing, document, link, portal, signup
