{
    "name": "Referral Program: eCommerce",
    "summary": "A referral code typed at the shop's checkout",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "LGPL-3",
    "depends": ["referral_program_sale", "website_sale"],
    "auto_install": True,
    "data": ["views/website_sale_templates.xml"],
}
