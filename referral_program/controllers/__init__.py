from . import document, link, portal, signup
