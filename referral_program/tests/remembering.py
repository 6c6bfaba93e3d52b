"""What Odoo remembers from one test to the next, as a server does between requests.

Odoo empties its caches after each test, and the next one begins with looking up the
same rights and compiling the same pages again. Here, what a test has not made Odoo
forget is there again for the next: the database is as it was before the test, and
whatever a cache depends on empties it when it changes.

Nothing is remembered of a test that has patched code.
"""

#: What was cached of the database as it is without any class of tests, by cache.
COMMITTED = {}
#: In a cache as long as it has not been emptied since a class began, or a test.
OF_CLASS, OF_TEST = ("class",), ("test",)


def begin_class(case):
    """Begin a class whose transaction has not changed anything yet."""
    case.remembered = None
    _fill(case.registry, COMMITTED, OF_CLASS)


def begin_test(test):
    """Begin a test with what its class remembers."""
    case = type(test)
    if case.remembered is None:
        # the first one: what all of them begin with
        case.remembered = {
            name: cache.snapshot for name, cache in _caches(test.registry).items()
        }
    _fill(test.registry, case.remembered, OF_TEST)
    test.is_remembered = True
    test.addCleanup(_end_test, test)


def _end_test(test):
    if not test.is_remembered:
        return
    for name, cache in _caches(test.registry).items():
        found = cache.snapshot
        if found.pop(OF_TEST, False):
            type(test).remembered[name] = found
            if OF_CLASS in found:
                COMMITTED[name] = {**found}
                del COMMITTED[name][OF_CLASS]


def _fill(registry, contents, mark):
    for name, cache in _caches(registry).items():
        for key, value in contents.get(name, {}).items():
            cache[key] = value
        cache[mark] = True


def _caches(registry):
    return registry._Registry__caches
