{
    "name": "Referral Program: Subscriptions",
    "summary": "What a subscription bills for a period earns by the days of the period",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "AGPL-3",
    "depends": ["referral_program", "subscription_oca"],
    "auto_install": True,
    "data": [],
}
