"""A pass of patterns finds what each language defines, by name, kind and line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leindex_mcp.extract.definitions import find_heads
from leindex_mcp.extract.heads import GRAMMARS
from leindex_mcp.extract.heads.grammar import grammar
from leindex_mcp.extract.languages import known_languages

# Each line that defines something ends in a remark `#=> kind name`; every other line defines nothing.
REMARK = re.compile(r"  (?:#|//|--|%|;|!|\"|\(\*)=> (type|function|value) (\S+).*$")
SNIPPETS = {
    "python": """
@dataclass
class Store(Generic[T]):  #=> type Store
    size: int = 0
    async def open(self, *, create: bool) -> None:  #=> function open
        local = 1
        def inner(): pass  #=> function inner
def plain(  #=> function plain
    argument,
): ...
LIMIT = 10  #=> value LIMIT
handler: Callable[[], None] = plain  #=> value handler
type Alias = int  #=> type Alias
if x == 1: pass
x == 2
""",
    "javascript": """
export default class Pool extends Base {  //=> type Pool
  static #count = 0;
  constructor(size) {  //=> function constructor
    if (size) {
      this.run(size);
    }
  }
  async *drain(limit = 3) {  //=> function drain
  }
  get size() {  //=> function size
  }
  handle = (event) => {  //=> function handle
  };
}
export async function connect(url) {  //=> function connect
  const local = 1;
}
const add = (a, b) => a + b;  //=> function add
const $get = async url => fetch(url);  //=> function $get
exports.parse = function (text) {  //=> function parse
Store.prototype.close = function close() {  //=> function close
const limit = 10;  //=> value limit
module.exports = { helper: function () {} };
const helpers = {  //=> value helpers
  trim: function (text) {  //=> function trim
  },
  split(text) {  //=> function split
  },
};
describe('pool', () => {
  it('works', async () => {
    expect(connect('x'));
  });
});
""",
    "typescript": """
export interface Options<T = unknown> extends Base {  //=> type Options
  close(): void;  //=> value close
  onError: (error: Error) => void;  //=> value onError
}
export type Result<T> = { value: T };  //=> type Result
type Union  //=> type Union
  = | 'a' | 'b';
export const enum Color { Red }  //=> type Color
export abstract class Server {  //=> type Server
  constructor(private readonly options: Options) {}  //=> function constructor
  private async start(mode: 'a' | 'b', when: Date = new Date()): Promise<void> {  //=> function start
    return this.listen();
  }
  protected abstract stop(): void;  //=> value stop
}
declare function load<T>(path: string): T;  //=> function load
export const create = <T,>(  //=> function create
  input: T,
): Result<T> => ({ value: input });
export const createServer: Factory = async (options) => {  //=> function createServer
namespace Inner {  //=> type Inner
""",
    "go": """
package chi
type Mux struct {  //=> type Mux
	pool *sync.Pool
}
type (
	Handler interface {  //=> type Handler
)
func (mx *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {  //=> function ServeHTTP
	x := 1
}
func Map[K comparable, V any](m map[K]V) []V {  //=> function Map
var ErrClosed = errors.New("closed")  //=> value ErrClosed
const (
	StateOpen State = iota  //=> value StateOpen
	MaxDepth = 10  //=> value MaxDepth
)
""",
    "rust": """
#[derive(Debug)]
pub struct Handle<T> {  //=> type Handle
    inner: T,
}
pub(crate) enum Kind { A, B }  //=> type Kind
unsafe impl<T: Send> Send for Handle<T> {}  //=> value Handle
impl<'a, T> Handle<T>  //=> value Handle
where
    T: Clone,
{
    pub const fn new(inner: T) -> Self {  //=> function new
        let local = inner;
    }
    pub(super) async unsafe fn poll<'b>(&'b self) {}  //=> function poll
}
pub trait Park {  //=> type Park
    type Unpark: Unpark;  //=> type Unpark
    fn park(&mut self) -> Result<(), Error>;  //=> function park
}
macro_rules! ready {  //=> function ready
pub const MAX: usize = 1;  //=> value MAX
static mut COUNT: u8 = 0;  //=> value COUNT
mod tests {  //=> type tests
mod other;
extern "C" fn hook(code: i32) {  //=> function hook
""",
    "java": """
package org.example;
@Deprecated
public final class Range<T extends Comparable<T>> implements Serializable {  //=> type Range
    private static final int LIMIT = 10;  //=> value LIMIT
    public Range(final T low, final T high) {  //=> function Range
        super(low);
        if (low == null) {
            throw new IllegalArgumentException(format("%s", low));
        }
    }
    @Override
    public <R> List<R> map(Function<? super T, R> mapper) throws IOException {  //=> function map
        return helper.call(mapper);
    }
    abstract int size();  //=> value size
    Map<String, List<T>> groups(  //=> function groups
            String name,
            int depth) {
    }
}
interface Visitor {  //=> type Visitor
enum Color { RED }  //=> type Color
record Point(int x, int y) {}  //=> type Point
@interface Marker {}  //=> type Marker
""",
    "kotlin": """
public data class Point(val x: Int)  //=> type Point
internal object Registry {  //=> type Registry
    private val cache = HashMap<String, Int>()  //=> value cache
    override suspend fun <T> load(key: String): T {  //=> function load
        val local = 1
    }
}
fun interface Listener {  //=> type Listener
fun String.shorten(limit: Int) = take(limit)  //=> function shorten
public inline fun <reified T> Route.get(  //=> function get
val Int.half: Int get() = this / 2  //=> value half
const val MAX = 10  //=> value MAX
typealias Handler = (Int) -> Unit  //=> type Handler
enum class Color { RED }  //=> type Color
sealed interface Shape  //=> type Shape
companion object {
""",
    "c": """
#ifndef GUARD_H
#define GUARD_H
#define MAX_SIZE 10  //=> value MAX_SIZE
#define CHECK(x) assert(x)  //=> function CHECK
struct connection {  //=> type connection
  int socket;
};
typedef struct {
  int x;
} point_t;  //=> type point_t
typedef unsigned int uint_t;  //=> type uint_t
typedef void (*callback_fn)(int code);  //=> type callback_fn
static int parse_header(const char *text,  //=> function parse_header
                        size_t length)
{
  return helper(text);
}
CURLcode Curl_open(struct Curl_easy *data)  //=> function Curl_open
{
  if(data) {
  }
}
static void
worker(void (*done)(int), int n) {  //=> function worker
}
int uv_run(uv_loop_t* loop, int mode);  //=> value uv_run
static const char *names[] = { "a" };  //=> value names
TEST_IMPL(tcp_close) {  //=> function tcp_close
enum state {  //=> type state
union value {  //=> type value
struct connection *current;
""",
    "cpp": """
namespace fmt {
template <typename T, typename Char = char>
class basic_writer : public base<T> {  //=> type basic_writer
 public:
  explicit basic_writer(int n) : n_(n) {}  //=> function basic_writer
  virtual ~basic_writer() = default;  //=> value basic_writer
  auto size() const -> size_t { return n_; }  //=> function size
  void write(string_view text);  //=> value write
};
template <typename T> struct formatter<T, char> {  //=> type formatter
enum class color : uint32_t {  //=> type color
using string = basic_string<char>;  //=> type string
FMT_API void report(const char* text) {  //=> function report
  return write(text);
}
int Widget::resize(const std::vector<int>& sizes, int n) {  //=> function resize
constexpr int limit = 10;  //=> value limit
#define FMT_TRY try  //=> value FMT_TRY
""",
    "csharp": """
namespace Dapper
{
    public static partial class SqlMapper  //=> type SqlMapper
    {
        private const int Limit = 10;  //=> value Limit
        public string Name { get; set; }  //=> value Name
        public static async Task<IEnumerable<T>> QueryAsync<T>(this IDbConnection c)  //=> function QueryAsync
        {
            foreach (var x in items)
            {
                await Next(x);
            }
        }
        int Count() => items.Count;  //=> function Count
        public SqlMapper(int n) : base(n)  //=> function SqlMapper
        {
        }
        void IDisposable.Dispose() { }  //=> function Dispose
        [Obsolete("x")] public void Old() { }  //=> function Old
        internal abstract void Run(int n);  //=> value Run
    }
    public interface ITypeHandler { }  //=> type ITypeHandler
    public record struct Point(int X);  //=> type Point
    public delegate void Done(int code);  //=> type Done
    enum Kind { A }  //=> type Kind
}
""",
    "ruby": """
module ActiveSupport  #=> type ActiveSupport
  class Cache::Store < Base  #=> type Store
    LIMIT = 10  #=> value LIMIT
    attr_reader :options  #=> value options
    def self.open(path)  #=> function open
    end
    def empty?  #=> function empty?
      value = 1
      Thing::OTHER == 2
    end
    private def reset!  #=> function reset!
    end
    define_method(:size) { 1 }  #=> function size
    alias_method :length, :size  #=> value length
    class << self
  end
end
""",
    "php": """
<?php
namespace App;
final class Client implements ClientInterface  //=> type Client
{
    public const VERSION = '1';  //=> value VERSION
    private ?array $config = null;  //=> value config
    public static function create(array $config = []): self  //=> function create
    {
        $local = function () {};
    }
}
interface Handler {}  //=> type Handler
trait Cookies {}  //=> type Cookies
function &describe($x) {}  //=> function describe
define('LIMIT', 10);  //=> value LIMIT
""",
    "swift": """
public final class Session: NSObject {  //=> type Session
    static let shared = Session()  //=> value shared
    private(set) var count: Int = 0  //=> value count
    @discardableResult public func start<T>(with value: T) -> Bool {  //=> function start
        let local = 1
    }
    class func make() -> Session {  //=> function make
}
extension Array where Element == Int {  //=> value Array
public protocol Target: AnyObject {}  //=> type Target
indirect enum Tree {  //=> type Tree
struct Point {}  //=> type Point
typealias Handler = (Int) -> Void  //=> type Handler
let limit = 10  //=> value limit
""",
    "scala": """
sealed abstract class Uri(val path: String)  //=> type Uri
final case class `Content-Type`(value: String)  //=> type Content-Type
case object Empty extends Uri("")  //=> type Empty
trait Codec[F[_]] {  //=> type Codec
  def encode(value: A): F[Unit]  //=> function encode
  private[http4s] lazy val cache = 1  //=> value cache
  implicit val order: Order[A] = null  //=> value order
  type Out = Int  //=> type Out
  def apply(x: Int) = {  //=> function apply
    val local = 1
  }
}
given intOrder: Ordering[Int] with  //=> value intOrder
enum Color { case Red }  //=> type Color
""",
    "haskell": """
module XMonad.Core where
import Data.Map (Map)
data XState = XState  --=> type XState
  { windowset :: !WindowSet  --=> value windowset
  , mapped :: !(S.Set Window)  --=> value mapped
  }
newtype X a = X (ReaderT XConf (StateT XState IO) a)  --=> type X
type WorkspaceId = String  --=> type WorkspaceId
class (Show (layout a), Typeable layout) => LayoutClass layout a where  --=> type LayoutClass
runX :: XConf -> XState -> X a -> IO (a, XState)  --=> function runX
runX c st (X a) = runStateT (runReaderT a c) st
io' :: MonadIO m => IO a -> m a  --=> function io'
""",
    "elixir": '''
defmodule Ecto.Changeset do  #=> type Changeset
  @moduledoc """
  Example:
      defmodule Sample do
      def sample(x), do: x
  """
  @type t :: %__MODULE__{}  #=> value t
  @callback cast(term) :: term  #=> value cast
  def cast(data, params) when is_map(data) do  #=> function cast
    def_value = 1
  end
  defp valid?(x), do: x  #=> function valid?
  defmacro from(expr, kw \\\\ []) do  #=> function from
  defdelegate all(q), to: Repo  #=> function all
  defimpl Enumerable do  #=> value Enumerable
  def run do  #=> function run
end
defprotocol Ecto.Queryable do  #=> type Queryable
''',
    "lua": """
local M = {}  --=> value M
local function helper(x)  --=> function helper
  local inside = 1
end
function M.setup(opts)  --=> function setup
function Picker:new(opts)  --=> function new
M.find = function(opts)  --=> function find
M.limit = 10  --=> value limit
local mappings = {  --=> value mappings
  close = function(bufnr)  --=> function close
}
if M.limit == 3 then
""",
    "zig": """
const std = @import("std");  //=> value std
pub const Parser = struct {  //=> type Parser
    pub const Error = error{Bad};  //=> type Error
    pub fn init(gpa: Allocator) Parser {  //=> function init
        const local = 1;
    }
    inline fn peek(self: *Parser) u8 {  //=> function peek
};
pub const limit = 10;  //=> value limit
const Kind = enum(u8) { a };  //=> type Kind
export fn start() void {}  //=> function start
pub extern "c" fn puts(s: [*:0]const u8) c_int;  //=> function puts
test "parse" {}
""",
    "bash": """
#!/usr/bin/env bash
function _log() {  #=> function _log
  local x=1
}
build-all () {  #=> function build-all
function plain {  #=> function plain
export EDITOR=vim  #=> value EDITOR
readonly LIMIT=10  #=> value LIMIT
alias ll='ls -l'  #=> value ll
VERSION=1  #=> value VERSION
echo "$(build)"
""",
    "sql": """
CREATE TABLE IF NOT EXISTS public.users (  --=> type users
create or replace function total(integer) returns int  --=> function total
CREATE UNIQUE INDEX by_name ON users (name);  --=> value by_name
SELECT * FROM users;
""",
    "objective-c": """
@interface Session : NSObject  //=> type Session
- (void)startWithURL:(NSURL *)url;  //=> function startWithURL
+ (instancetype)shared {  //=> function shared
typedef NS_ENUM(NSInteger, State) {  //=> type State
""",
    "dart": """
abstract class Widget extends Base {  //=> type Widget
  final int size;
  Widget build(BuildContext context) {  //=> function build
    return other(context);
  }
  static Future<void> load(String path) async {  //=> function load
""",
    "groovy": """
class Task {  //=> type Task
  def run(String name) {  //=> function run
""",
    "r": """
fit <- function(x, y) {  #=> function fit
limit <- 10  #=> value limit
setClass("Model", representation(x = "numeric"))  #=> type Model
""",
    "julia": """
struct Point  #=> type Point
function norm(p::Point)  #=> function norm
area(r) = pi * r^2  #=> function area
macro check(ex)  #=> function check
const LIMIT = 10  #=> value LIMIT
""",
    "perl": """
package Data::Store;  #=> type Store
sub new {  #=> function new
our $VERSION = '1';  #=> value VERSION
""",
    "erlang": """
-module(store).
-record(state, {size}).  %=> type state
open(Path, Options) when is_list(Path) ->  %=> function open
  file:open(Path).
""",
    "ocaml": """
module Store = struct  (*=> type Store *)
type t = int  (*=> type t *)
let rec insert x = function  (*=> function insert *)
val size : t -> int  (*=> function size *)
""",
    "fsharp": """
module App.Store  //=> type Store
type Point = { X: int }  //=> type Point
let rec insert x tree =  //=> function insert
  member this.Size = 1  //=> function Size
""",
    "clojure": """
(ns app.core)
(defn- parse [text]  ;=> function parse
(defrecord Point [x y])  ;=> type Point
(def limit 10)  ;=> value limit
""",
    "elisp": """
(defun my-open (path)  ;=> function my-open
(defvar my-limit 10)  ;=> value my-limit
(cl-defstruct point x y)  ;=> type point
""",
    "scheme": """
(define (insert x tree)  ;=> function insert
(define limit 10)  ;=> value limit
""",
    "nim": """
proc open*(path: string): File =  #=> function open
type Point = object  #=> type Point
""",
    "proto": """
message Request {  //=> type Request
service Store {  //=> type Store
  rpc Get(Request) returns (Reply);  //=> function Get
""",
    "graphql": """
type User {  #=> type User
fragment Fields on User {  #=> function Fields
""",
    "terraform": """
resource "aws_instance" "web" {  #=> value web
variable "region" {}  #=> value region
""",
    "make": """
CC ?= gcc  #=> value CC
test: build  #=> function test
	$(CC) -o x
.PHONY: test
""",
    "powershell": """
function Get-Item { }  #=> function Get-Item
class Point { }  #=> type Point
""",
    "vim": """
function! s:open(path) abort  "=> function open
command! -nargs=1 Open call s:open(<q-args>)  "=> value Open
""",
    "fortran": """
MODULE store  !=> type store
  pure integer function total(x)  !=> function total
  subroutine open(path)  !=> function open
""",
    "solidity": """
contract Token is ERC20 {  //=> type Token
  function mint(address to) external {  //=> function mint
""",
}


def expected_heads(snippet: str) -> list[tuple[int, str, str]]:
    """Read the remarks of a snippet: line, kind and name."""
    remarks = [(number, REMARK.search(line)) for number, line in enumerate(snippet.split("\n"), 1)]
    return [(number, remark[1], remark[2]) for number, remark in remarks if remark]


def without_remarks(snippet: str) -> str:
    """Take the remarks away: they are no code."""
    return "\n".join(REMARK.sub("", line) for line in snippet.split("\n"))


@pytest.mark.parametrize("language", SNIPPETS)
def test_definitions_of_a_language_are_found_with_kind_and_line(language: str):
    """The ranking asks which file defines a name; an answer says what encloses its lines."""
    snippet = SNIPPETS[language]

    found = [
        (head.definition.line, head.definition.kind.value, head.definition.name)
        for head in find_heads(without_remarks(snippet), language)
    ]

    assert found == expected_heads(snippet)


@pytest.mark.parametrize("language", ["typescript", "tsx", "vue", "svelte"])
def test_dialects_share_a_grammar(language: str):
    """A component file holds the same script."""
    assert [head.definition.name for head in find_heads("export function setup() {\n", language)] == ["setup"]


def test_the_first_and_the_last_line_count():
    """A file may begin with its only definition and end without a newline."""
    assert [head.offset for head in find_heads("def a(): pass\ndef b(): pass", "python")] == [0, 14]


def test_examples_in_docstrings_define_nothing():
    """Half of the classes named Model in pydantic stand in docstrings."""
    text = 'def f():\n    """Do.\n\n    class Model(BaseModel):\n        x: int\n    """\ndef g(): pass\n'

    assert [head.definition.name for head in find_heads(text, "python")] == ["f", "g"]


def test_a_lone_triple_quote_hides_nothing():
    """Quotes that do not pair up are not trusted."""
    text = '# a lone """ in a remark\nclass Kept:\n    pass\n'

    assert [head.definition.name for head in find_heads(text, "python")] == ["Kept"]


def test_a_language_without_a_grammar_defines_nothing():
    """Headings and tags are no definitions."""
    assert find_heads("# Title\n", "markdown") == []
    assert find_heads("def f(): pass\n", None) == []


def test_every_grammar_belongs_to_a_known_language():
    """A misspelt language would never be used."""
    assert set(GRAMMARS) <= set(known_languages())
    assert all(grammar.pattern for grammar in GRAMMARS.values())


def test_a_head_without_a_name_is_a_mistake_of_ours():
    """Kinds are told by the number of the group, so each head must have one."""
    with pytest.raises(ValueError, match="2 heads have 1 groups"):
        _ = grammar(types="class <name>", functions="def").pattern


@settings(max_examples=300)
@given(
    language=st.sampled_from(sorted(GRAMMARS)),
    text=st.text(st.sampled_from("ab A_:=()<>{}[]\"'`;,.*&#@-\n\t "), max_size=300),
)
def test_any_text_gives_names_that_stand_on_their_lines(language: str, text: str):
    """Whatever the text, what is reported can be seen in it, in order."""
    heads = find_heads(text, language)

    lines = text.split("\n")
    for head in heads:
        assert head.definition.name in lines[head.definition.line - 1]
        assert head.offset == 0 or text[head.offset - 1] == "\n"
    assert [head.offset for head in heads] == sorted(head.offset for head in heads)


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "(\n",
        "a(\n",
        "a.",
        "template <a\n",
        "static int x\n",
        "import a,\n",
        "A<B<C<\n",
        "  foo(a, b)\n",
        '"""',
    ],
)
def test_hostile_text_costs_linear_time(unit: str):
    """A file made to stall the index must not; the test runner's timeout guards it."""
    text = unit * (20_000 // len(unit))

    for language in ("c", "cpp", "csharp", "java", "javascript", "rust", "python", "haskell"):
        find_heads(text, language)
