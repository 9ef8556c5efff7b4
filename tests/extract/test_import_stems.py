"""Import lines point at files; their stems say how central a file is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leindex_mcp.extract.import_forms import IMPORT_FORMS
from leindex_mcp.extract.import_stems import find_import_stems
from leindex_mcp.extract.languages import known_languages

# A remark `#=> stem …` says what the statement that ends on its line names; all else names nothing.
REMARK = re.compile(r"  (?:#|//|--|%)=> (.+)$")
SNIPPETS = {
    "python": """
import os.path, numpy as np  #=> path numpy
from .store import (
    Snapshot,
    Writer as W,
)  #=> store Snapshot Writer
from . import words  #=> words
def f():
    from a.b import c  #=> b c
from typing import *  #=> typing
text = 'import nothing'
""",
    "javascript": """
import React, { useState } from 'react';  //=> react
import './styles.css';  //=> styles
export * from "../core/buildURL.js";  //=> buildURL
const utils = require('./utils/index');  //=> utils
import {
  one,
  two
} from './lib/pair';  //=> pair
const lazy = await import('./lazy.mjs');  //=> lazy
export const from = 'nowhere';
""",
    "typescript": """
import type { Router } from './router';  //=> router
export { createServer } from '~/node/server.ts'  //=> server
""",
    "go": """
import "fmt"  //=> fmt
import (
	"net/http"  //=> http

	chi "github.com/go-chi/chi/v5"  //=> chi
	_ "github.com/go-chi/chi/v5/middleware"  //=> middleware
	"gopkg.in/yaml.v3"  //=> yaml
)
var x = []string{
	"data",
}
""",
    "rust": """
use crate::runtime::{task::{self, JoinHandle}, Handle};  //=> runtime task JoinHandle Handle
pub use std::io;  //=> std io
mod driver;  //=> driver
extern crate libc;  //=> libc
use crate::util::linked_list::LinkedList as List;  //=> linked_list LinkedList
mod tests {
""",
    "java": """
package org.example;
import java.util.Map;  //=> Map
import static org.example.Checks.notNull;  //=> notNull
import java.io.*;  //=> io
""",
    "kotlin": """
import io.ktor.http.HttpMethod as Method  //=> HttpMethod
import io.ktor.util.*  //=> util
""",
    "scala": """
import cats.effect.{IO, Resource => R}  //=> effect IO Resource
import org.http4s.Uri._  //=> Uri
""",
    "csharp": """
using System.Data;  //=> Data
global using static System.Math;  //=> Math
using Mapper = Dapper.SqlMapper;  //=> Mapper SqlMapper
using (var connection = Open()) {}
""",
    "c": """
#include <sys/socket.h>  //=> socket
#  include "curlx/dynbuf.h"  //=> dynbuf
#include MACRO
""",
    "cpp": """
#include <vector>  //=> vector
""",
    "ruby": """
require 'active_support/core_ext/hash'  #=> hash
require_relative "../cache.rb"  #=> cache
autoload :QueryCache  #=> query_cache
autoload :Base, 'active_record/base'  #=> base
""",
    "php": """
use GuzzleHttp\\Psr7\\Request;  //=> Request
use A\\{B, C as D};  //=> A B C
use function GuzzleHttp\\describe;  //=> describe
require __DIR__ . '/functions.php';  //=> functions
""",
    "swift": """
import UIKit  //=> UIKit
@testable import SnapKit  //=> SnapKit
""",
    "haskell": """
import qualified Data.Map as M  --=> Map
import XMonad.Core (X, io)  --=> Core
""",
    "elixir": """
alias Ecto.Query.{Builder, JoinExpr}  #=> query builder join_expr
import Ecto.Changeset, only: [cast: 3]  #=> changeset
use GenServer  #=> gen_server
""",
    "lua": """
local actions = require('telescope.actions')  --=> actions
local pickers = require "telescope/pickers"  --=> pickers
""",
    "zig": """
const std = @import("std");  //=> std
const Parser = @import("../parse/Parser.zig");  //=> Parser
""",
    "bash": """
source "${BASH_IT}/lib/log.bash"  #=> log
. ./helpers.sh  #=> helpers
""",
    "css": """
@import 'theme/colors.css';  //=> colors
""",
    "proto": """
import "google/protobuf/any.proto";  //=> any
""",
    "dart": """
import 'package:app/src/store.dart' as s;  //=> store
""",
    "perl": """
use strict;
use Data::Store;  #=> Store
""",
    "erlang": """
-include("store.hrl").  %=> store
-behaviour(gen_server).  %=> gen_server
""",
}


@pytest.mark.parametrize("language", SNIPPETS)
def test_import_forms_name_file_stems(language: str):
    """What is imported by many is central, whatever its language."""
    lines = SNIPPETS[language].split("\n")
    remarks = [remark for line in lines if (remark := REMARK.search(line))]

    found = find_import_stems("\n".join(REMARK.sub("", line) for line in lines), language)

    assert list(found) == [stem for remark in remarks for stem in remark[1].split()]


def test_repeats_count_once():
    """The order is that of the first mention."""
    assert find_import_stems("import b\nimport a\nimport b\n", "python") == ("b", "a")


def test_a_language_without_imports_names_none():
    """Prose may say import."""
    assert find_import_stems("import a\n", "markdown") == ()
    assert find_import_stems("import a\n", None) == ()


def test_every_form_belongs_to_a_known_language():
    """A misspelt language would never be used."""
    assert set(IMPORT_FORMS) <= set(known_languages())


@settings(max_examples=200)
@given(
    language=st.sampled_from(sorted(IMPORT_FORMS)),
    text=st.text(st.sampled_from("import from use@#\"'./:;{}(),* \n"), max_size=200),
)
def test_stems_are_names_without_separators(language: str, text: str):
    """Whatever the text, a stem can be the name of a file."""
    for stem in find_import_stems(text, language):
        assert stem
        assert not set(stem) & set("/\\:\n")
