{
    "name": "Referral Program: Contracts",
    "summary": "What a contract bills for a period earns by the days of the period",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "AGPL-3",
    "depends": ["referral_program", "contract"],
    "auto_install": True,
    "data": [],
}
