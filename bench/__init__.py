"""Speed of the monthly accrual, beside OCA's commission and beside bare SQL.

``bench/run`` is the command. It works with plain Python and starts one process in
Odoo's environment for each step (:mod:`bench.child`), so that no step profits from
what another one has cached, and each has its own peak of memory.
"""
