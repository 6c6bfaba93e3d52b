from . import (
    audit,
    billing,
    document,
    joining,
    link,
    materials,
    money,
    portal,
    referrals,
    report,
    signup,
)
