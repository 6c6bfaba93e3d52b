from . import (
    billing,
    document,
    link,
    materials,
    money,
    portal,
    referrals,
    rollforward,
    signup,
)
