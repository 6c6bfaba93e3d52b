from . import (
    audit,
    billing,
    document,
    link,
    materials,
    money,
    portal,
    referrals,
    report,
    rollforward,
    signup,
)
