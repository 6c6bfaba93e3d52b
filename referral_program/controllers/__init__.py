from . import document, link, materials, money, portal, referrals, signup
