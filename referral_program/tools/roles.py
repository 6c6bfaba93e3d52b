"""Who may do what access rights alone cannot say."""

from odoo.exceptions import AccessError


def has_role(env, *groups):
    """Tell whether the user is in one of some groups, or acts as superuser.

    :param groups: the groups' external ids, with their module
    """
    return env.su or any(map(env.user.has_group, groups))


def check_role(env, message, *groups):
    """Refuse users who are in none of some groups.

    :param str message: what they are told
    :param groups: as in :func:`has_role`
    :raise AccessError: if the user is in none of them
    """
    if not has_role(env, *groups):
        raise AccessError(message)
