"""Which paths stand aside of the code."""

from __future__ import annotations

import pytest

from leindex_mcp.search.aside import Aside, flags, reasons, telling


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("src/config.py", Aside.NONE),
        ("src/contest.py", Aside.NONE),
        ("src/latest.ts", Aside.NONE),
        ("src/inspector.go", Aside.NONE),
        ("src/test.c", Aside.TEST),
        ("tests/config.py", Aside.TEST),
        ("src/Tests/Config.php", Aside.TEST),
        ("pkg/test_config.py", Aside.TEST),
        ("pkg/config_test.go", Aside.TEST),
        ("src/config.spec.ts", Aside.TEST),
        ("src/ConfigTest.java", Aside.TEST),
        ("src/ConfigSpec.scala", Aside.TEST),
        ("__tests__/config.js", Aside.TEST),
        ("integration_test/config.ex", Aside.TEST),
        ("Shop.Tests.Speed/Config.cs", Aside.TEST),
        ("test-utils/config.ts", Aside.TEST),
        ("src/commonTest/Config.kt", Aside.TEST),
        ("src/contests/config.py", Aside.NONE),
        ("src/latest/config.py", Aside.NONE),
        ("fuzz/config.rs", Aside.TEST),
        ("shop-benchmarks/config.rs", Aside.EXAMPLE),
        ("dist/app.js", Aside.FOREIGN),
        ("src/distance/app.js", Aside.NONE),
        ("CHANGES/3310.bugfix", Aside.PROSE),
        ("src/changes/app.py", Aside.NONE),
        ("RELEASE-NOTES.txt", Aside.PROSE),
        ("examples/basic.py", Aside.EXAMPLE),
        ("_examples/basic.go", Aside.EXAMPLE),
        (".github/workflows/ci.yml", Aside.NONE),
        ("docs/conf.py", Aside.EXAMPLE),
        ("bench/run.c", Aside.EXAMPLE),
        ("examples/tests/basic.py", Aside.EXAMPLE | Aside.TEST),
        ("vendor/zlib/zlib.c", Aside.FOREIGN),
        ("src/api_pb2.py", Aside.FOREIGN),
        ("dist/app.min.js", Aside.FOREIGN),
        ("types/index.d.ts", Aside.FOREIGN),
        ("typings/os.pyi", Aside.FOREIGN),
        ("compat.py", Aside.FOREIGN),
        ("Makefile", Aside.NONE),
        ("notes/design.rst", Aside.PROSE),
        ("docs/guide.md", Aside.PROSE | Aside.EXAMPLE),
        ("CHANGELOG", Aside.PROSE),
        ("NEWS.txt", Aside.PROSE),
        ("src/history.ts", Aside.NONE),
        ("CMakeLists.txt", Aside.NONE),
        ("Cargo.lock", Aside.FOREIGN),
    ],
)
def test_a_path_says_whether_it_stands_aside(relative, expected):
    """Words count whole: `contest` and `latest` are no tests."""
    assert reasons(relative) == expected


def test_where_most_files_are_tests_being_one_says_nothing():
    """A repository of test tools is not one big aside."""
    mostly = telling(flags(["tests/a.py", "tests/b.py", "src/c.py"]))
    half = telling(flags(["tests/a.py", "src/b.py"]))

    assert mostly.tolist() == [0, 0, 0]
    assert half.tolist() == [Aside.TEST, 0]
