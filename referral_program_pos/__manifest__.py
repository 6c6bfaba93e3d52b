{
    "name": "Referral Program: Point of Sale",
    "summary": "What clients pay at a counter is money that came in",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "LGPL-3",
    "depends": ["referral_program", "point_of_sale"],
    "auto_install": True,
    "data": [],
}
