"""What is never worth indexing, or never safe to: our own rules, in the syntax of an ignore file.

`dist`, `build` and `vendor` are not here: many repositories keep sources in them, and git ignores them where
they are output. Case is ignored; a `!` takes back an earlier line of the same list and re-includes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leindex_mcp.records import SkipReason
from leindex_mcp.scan.ignore_file import parse_lines
from leindex_mcp.scan.pattern import Rule

_REPOSITORY_DATA: Final = ".git .hg/ .svn/ .jj/"

_SECRETS: Final = """
.env* !.env.example !.env.sample !.env.template
*.pem *.key *.kdbx *.p12 *.pfx *.jks *.keystore
id_rsa* id_dsa* id_ecdsa* id_ed25519* !id_rsa*.pub !id_dsa*.pub !id_ecdsa*.pub !id_ed25519*.pub
.npmrc .pypirc .netrc _netrc .git-credentials .htpasswd .pgpass
*.tfstate *.tfstate.backup
"""

#: Written by a program from what is indexed anyway; thousands of lines in which nobody looks for an answer.
_GENERATED: Final = """
*.min.js *.min.mjs *.min.css *-min.js *.bundle.js *.js.map *.mjs.map *.cjs.map *.css.map *.ts.map
package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock
poetry.lock Pipfile.lock uv.lock pdm.lock pixi.lock conda-lock.yml
Cargo.lock composer.lock Gemfile.lock go.sum flake.lock mix.lock pubspec.lock Podfile.lock
Package.resolved packages.lock.json gradle.lockfile Cartfile.resolved Chart.lock
.terraform.lock.hcl MODULE.bazel.lock
*.pb.go *_pb2.py *_pb2.pyi *_pb2_grpc.py *.pb.cc *.pb.h *.g.dart *.freezed.dart
*.designer.cs *.g.cs *.snap
"""

#: Known by their name, so that they need not be opened; every other binary is known by its first bytes.
_BINARY: Final = """
*.png *.jpg *.jpeg *.gif *.bmp *.ico *.icns *.webp *.avif *.heic *.tif *.tiff *.psd *.xcf *.ai *.sketch
*.mp3 *.mp4 *.m4a *.m4v *.mov *.avi *.mkv *.webm *.wav *.flac *.ogg *.ogv *.opus *.aac *.mid
*.zip *.gz *.tgz *.bz2 *.tbz2 *.xz *.txz *.zst *.lz4 *.7z *.rar *.tar
*.jar *.war *.ear *.whl *.egg *.gem *.nupkg *.deb *.rpm *.apk *.ipa *.dmg *.iso *.msi *.cab *.crx *.xpi *.vsix
*.exe *.dll *.so *.dylib *.lib *.obj *.o *.a *.ko *.elf *.pdb
*.class *.dex *.pyc *.pyo *.pyd *.wasm *.node *.beam *.hi *.cmi *.cmo *.cmx *.rlib *.rmeta
*.swiftmodule *.pch *.gch
*.ttf *.otf *.woff *.woff2 *.eot *.pfb
*.pdf *.doc *.docx *.xls *.xlsx *.ppt *.pptx *.odt *.ods *.odp *.epub *.mobi
*.sqlite *.sqlite3 *.db *.mdb *.parquet *.feather *.arrow *.avro *.orc *.npy *.npz *.h5 *.hdf5
*.rds *.rdata *.safetensors *.onnx *.pt *.pth *.ckpt *.gguf *.tflite *.joblib *.swp *.swo .DS_Store Thumbs.db
*.blend *.fbx *.glb *.stl *.3ds *.unitypackage *.uasset *.swf
"""


def repository_rules() -> list[Rule]:
    """Return the rules that keep out what version control keeps for itself; git has the same for `.git`."""
    return _rules(_REPOSITORY_DATA, SkipReason.SKIPPED_DIRECTORY)


def secret_rules() -> list[Rule]:
    """Return the rules that keep out secrets by name; nothing in a project can undo them."""
    return _rules(_SECRETS, SkipReason.SECRET, files_only=True)


def economic_rules(skip_large_directories: Iterable[str]) -> list[Rule]:
    """Return the rules that spare useless work; a `.leindexignore` can undo them.

    A directory to skip is a name, a path below the root, or a pattern such as `**/node_modules/**`.
    """
    directories = [entry.removesuffix("/**").rstrip("/") + "/" for entry in skip_large_directories]
    return [
        *_rules(_GENERATED, SkipReason.GENERATED, files_only=True),
        *_rules(_BINARY, SkipReason.BINARY, files_only=True),
        *parse_lines(
            [entry.encode("utf-8", "surrogateescape") for entry in directories],
            "directory_filtering.skip_large_directories",
            SkipReason.SKIPPED_DIRECTORY,
            folds_case=True,
        ),
    ]


def _rules(words: str, reason: SkipReason, *, files_only: bool = False) -> list[Rule]:
    """Compile a list of patterns; most mean files only: `.envoy/` is no secret."""
    patterns = [pattern.encode() for pattern in words.split()]
    source = f"built-in {reason.value} rules"
    return parse_lines(patterns, source, reason, folds_case=True, files_only=files_only)
