from . import (
    audit,
    billing,
    document,
    joining,
    link,
    materials,
    money,
    people,
    portal,
    referrals,
    report,
    signup,
)
