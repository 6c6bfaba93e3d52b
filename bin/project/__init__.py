"""What the commands in ``bin/`` share: from a bare machine to a running Odoo.

Only the standard library is imported here, because these modules run before
any package has been installed.
"""
