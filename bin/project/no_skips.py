"""A pytest plugin: a test that was skipped is a test that was not run.

On a machine that ``bin/test`` has set up nothing needs to be skipped;
a skip means that something is missing, such as the browser.
"""


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("skipped", ()):
        terminalreporter.write_line(f"skipped, so failed: {report.longrepr}", red=True)
