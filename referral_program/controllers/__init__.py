from . import document, link, materials, portal, signup
