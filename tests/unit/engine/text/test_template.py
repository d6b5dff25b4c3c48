from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.errors import TemplateFailed
from engine.text.template import MAX_SOURCE_CHARS, ChatTemplate
from engine.types import Message
from tests.helpers.tokenizers import starter_chats, starter_metadata

TALK = [
    Message("system", "  You are brief.\n"),
    Message("user", "Héllo <b>\"you\"</b> & 'me' 你好 👩🏽\u200d🚀"),
    Message("assistant", "<think>hm</think>\n\nHi."),
    Message("user", "Again?\n"),
]


def render(source: str, messages: list[Message] = TALK, **variables: Any) -> str:
    return ChatTemplate(source, {"bos": "<s>", "eos": "</s>"}).render(messages, True, variables)


def reason(source: str) -> object:
    start = time.perf_counter()
    with pytest.raises(TemplateFailed) as caught:
        render(source)
    assert time.perf_counter() - start < 2.0
    return caught.value.params["reason"]


# The constructions real chat templates are made of.
HONEST = {
    "turns": "{{ bos_token }}{% for message in messages %}\n    {%- if message['role'] == 'user' %}"
    "[U]{{ message.content }}[/U]{%- else %}\n  {{ message.content | trim }}{{ eos_token }}\n"
    "{%- endif %}\n{% endfor %}\n{% if add_generation_prompt %}>>{% endif %}\n",
    "system first": "{% if messages[0].role == 'system' %}{% set system = messages[0]['content'] %}"
    "{% set rest = messages[1:] %}{% else %}{% set system = 'none' %}{% set rest = messages %}"
    "{% endif %}{% for m in rest %}{% if loop.first %}<<{{ system }}>>{% endif %}{{ m.content }}"
    "{{ loop.index0 }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{% endfor %}",
    "namespace": "{% set ns = namespace(seen=false, n=0, out='') %}{% for m in messages[::-1] %}"
    "{% if not ns.seen and m.role == 'user' and m.content is string %}{% set ns.seen = true %}"
    "{% endif %}{% set ns.n = ns.n + 1 %}{% set ns.out = ns.out ~ m.role[:2] %}{% endfor %}"
    "{{ ns.seen }}{{ ns.n }}{{ ns.out }}",
    "thinking": "{% for m in messages if m.role != 'system' %}{% if '</think>' in m.content %}"
    "{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{{ m.content }}{% endif %}"
    "{% endfor %}",
    "tools": "{% if tools is none %}no tools{% endif %}{% set t = {'name': 'f', 'é': [1, 2.5, none,"
    " true]} %}{{ t | tojson }}|{{ t | tojson(indent=2) }}|{{ t.items() | list }}"
    "{% for k, v in t.items() %}{{ k }}={{ v }};{% endfor %}",
    "macro": "{% macro turn(m, end='.') %}{{ m.role | upper }}:{{ m.content | length }}{{ end }}"
    "{% endmacro %}{% for m in messages %}{{ turn(m) }}{{ turn(m, end='!') }}{% endfor %}",
    "call": "{% macro box() %}[{{ caller() }}]{% endmacro %}{% call box() %}in{% endcall %}",
    "filters": "{{ messages | map(attribute='role') | join(', ') }}{{ messages | selectattr('role',"
    " 'equalto', 'user') | list | length }}{{ [3, 1, 2] | sort | join('-') }}{{ 'a b' | title }}"
    "{{ ['a', 'b'] | first }}{{ [1, 2] | sum }}{{ {'b': 1, 'a': 2} | dictsort }}{{ '7' | int + 1 }}"
    "{{ 'x\ny' | indent(2) }}{{ 3.14159 | round(2) }}{{ 'aXb' | replace('X', '-') }}"
    "{{ none | default('d', true) }}{{ [1, 1, 2] | unique | list }}{{ '%s-%02d' | format('a', 3) }}"
    "{{ [4, 5, 6] | batch(2) | list }}{{ '<' | e }}{{ ['q'] | last }}{{ 'abc' | reverse }}",
    "strings": "{{ 'a,b'.split(',') }}{{ ' x '.strip() }}{{ 'Ab'.lower() }}"
    "{{ 'ab'.startswith('a') }}{{ '-'.join(['a', 'b']) }}{{ 'aab'.replace('a', 'c') }}"
    "{{ '{} {:>4}'.format('é', 5) }}"
    "{{ 'n=%d' % 5 }}{{ 'ab' * 3 }}{{ [1] + [2] }}{{ 7 // 2 }}{{ 7 % 4 }}{{ 2 ** 10 }}{{ -3 }}",
    "loops": "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 5 %}"
    "{% break %}{% endif %}{{ i }}{% else %}none{% endfor %}{% for x in [] %}{% else %}empty"
    "{% endfor %}{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }}{{ loop.cycle('x', 'y') }}"
    "{% endfor %}"
    "{% for n in [[1, [2]], [3]] recursive %}{{ loop(n) if n is iterable else n }}{% endfor %}",
    "blocks": "{% set x %}in {{ 1 }} set{% endset %}{{ x }}{% filter upper %}shout{% endfilter %}"
    "{% with y = 3 %}{{ y }}{% endwith %}{# comment #}{% raw %}{{ raw }}{% endraw %}",
    "undefined": "{{ nothing }}{{ messages[0].nothing is defined }}{{ nothing is not defined }}"
    "{% if nothing %}yes{% endif %}{{ 'a' if nothing else 'b' }}{{ 1 in [1] }}{{ 2 not in [1] }}",
}


def reference(source: str) -> str:
    """The same, rendered as Hugging Face transformers sets up the library."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(
        value, ensure_ascii=False, indent=indent
    )
    turns = [{"role": m.role, "content": m.content} for m in TALK]
    return environment.from_string(source).render(
        messages=turns,
        add_generation_prompt=True,
        tools=None,
        documents=None,
        bos_token="<s>",
        eos_token="</s>",
    )


@pytest.mark.parametrize("name", HONEST)
def test_honest_templates_render_as_the_reference_does(name: str) -> None:
    assert render(HONEST[name]) == reference(HONEST[name])


@pytest.mark.parametrize("chat", starter_chats(), ids=lambda chat: chat["user"][:20])
def test_the_starters_template(chat: dict[str, Any]) -> None:
    source = starter_metadata()["tokenizer.chat_template"]
    assert render(source, [Message("user", chat["user"])]) == chat["prompt_text"]


def test_generation_tag_is_transparent() -> None:
    assert render("a{% generation %}b{{ 1 }}{% endgeneration %}c") == "ab1c"


def test_special_tokens_and_variables() -> None:
    template = ChatTemplate("{{ bos_token }}{{ pad_token }}{{ enable_thinking }}", {"bos": "B"})
    assert template.render(TALK, True, {"enable_thinking": False}) == "BFalse"


def test_generation_prompt_can_be_left_out() -> None:
    assert ChatTemplate("{{ add_generation_prompt }}").render(TALK, False) == "False"


def test_the_date_comes_from_the_given_clock() -> None:
    template = ChatTemplate(
        "{{ strftime_now('%d %b %Y %-H') }}", now=lambda: datetime(2026, 3, 4, 5, tzinfo=UTC)
    )
    assert template.render(TALK) == "04 Mar 2026 5"
    assert template.render(TALK, begun=datetime(2025, 12, 1, tzinfo=UTC)) == "01 Dec 2025 0"
    assert template.render(TALK) == "04 Mar 2026 5"


def test_the_same_conversation_gives_the_same_prompt() -> None:
    template = ChatTemplate(HONEST["namespace"])
    assert template.render(TALK) == template.render(TALK) == render(HONEST["namespace"])


def test_a_long_honest_conversation_is_no_attack() -> None:
    talk = [Message("user", "word " * 200), Message("assistant", "reply " * 200)] * 500
    assert len(render(HONEST["turns"], talk)) > 1_000_000
    assert len(render(HONEST["turns"], [Message("user", "x" * 3_000_000)])) > 3_000_000


GROW = "{% set ns = namespace(x=SEED) %}{% for i in range(200) %}{% set ns.x = STEP %}{% endfor %}"


def grow(seed: str, step: str, end: str = "{{ ns.x }}") -> str:
    return GROW.replace("SEED", seed).replace("STEP", step) + end


ENDLESS = {
    "range": "{% for i in range(10**9) %}{% endfor %}",
    "nested loops": "{% for i in range(99999) %}" * 3 + "{% endfor %}" * 3,
    "loops without output or body": "{% for i in range(99999) if false %}{% endfor %}" * 100,
    "filtered inner loop": "{% for i in range(99999) %}{% for j in range(99999) if false %}"
    "{% endfor %}{% endfor %}",
    "recursive loop": "{% for i in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "recursive macro": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "doubling macro": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}"
    "{% endmacro %}{{ f(60) }}",
    "recursive block": "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "output": "{% for i in range(99999) %}{% for j in range(99999) %}" + "x" * 99 + "{% endfor %}"
    "{% endfor %}",
    "captured output": "{% set x = 'yyyy' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60,
    "nested calls": "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call f() %}" * 15 + "y" * 1000 + "{% endcall %}" * 15,
    "nested filters": "{% filter replace('x', 'xxxxxxxxxx') %}" * 12 + "x" + "{% endfilter %}" * 12,
    "repeated text": "{{ 'x' * 10**9 }}",
    "repeated text, unused": "{% set x = 10**9 * 'x' %}",
    "repeated list": "{{ [0] * 10**9 }}",
    "center filter": "{{ 'a' | center(10**9) }}",
    "center": "{{ 'a'.center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "zfill": "{{ 'a'.zfill(10**9) }}",
    "expandtabs": "{{ '\t'.expandtabs(10**9) }}",
    "to_bytes": "{{ (1).to_bytes(10**9, 'big') }}",
    "fromkeys": "{{ dict.fromkeys(range(9)) }}",
    "power tower": "{{ 9**9**9**9 }}",
    "power": "{% set x = 2**(10**10) %}",
    "negative power": "{% set x = 2**(-(10**10)) %}",
    "power of power": "{{ (2**2000)**2000 }}",
    "growing number": grow("3", "ns.x * ns.x"),
    "width": "{{ '%1000000000d' % 1 }}",
    "width argument": "{{ '%*d' % (10**9, 1) }}",
    "width filter": "{{ '%.1000000000f' | format(1.0) }}",
    "width of format": "{{ '{:>1000000000}'.format(1) }}",
    "width of format, nested": "{{ '{:>{w}}'.format(1, w=10**9) }}",
    "many fields": "{{ ('{0}' * 9999).format('x' * 99999) }}",
    "many percent fields": "{{ ('%(a)s' * 9999) % {'a': 'x' * 99999} }}",
    "growing text ~": grow("'xxxx'", "ns.x ~ ns.x"),
    "growing text +": grow("'xxxx'", "ns.x + ns.x"),
    "growing list": grow("[1]", "ns.x + ns.x"),
    "nested lists": grow("[1]", "[ns.x, ns.x]"),
    "nested lists, compared": grow("[1]", "[ns.x, ns.x]", "{{ ns.x == [1] }}"),
    "nested tuples": grow("(1, 1)", "(ns.x, ns.x)", "{{ {ns.x: 1} }}"),
    "nested dicts": grow("1", "dict(a=ns.x, b=ns.x)"),
    "nested views": grow("{'a': 1}", "{'a': ns.x.items(), 'b': ns.x.items()}"),
    "nested namespaces": grow("1", "namespace(a=ns.x, b=ns.x)"),
    "nested arguments": "{% macro f() %}{% set ns.x = varargs %}{% endmacro %}"
    + grow("1", "ns.x", "") + "{{ f(ns.x, ns.x) }}" * 60 + "{{ ns.x }}",
    "nested keywords": "{% macro f() %}{% set ns.x = kwargs %}{% endmacro %}"
    + grow("1", "ns.x", "") + "{{ f(a=ns.x, b=ns.x) }}" * 60 + "{{ ns.x }}",
    "deep list": grow("[1]", "[ns.x]"),
    "replace": "{{ 'x'.replace('', 'y' * 100000).replace('', 'y' * 100000) }}",
    "replace filter": "{{ ('x' * 500000) | replace('x', 'y' * 500000) }}",
    "join": "{{ ('x' * 900000).join(['a'] * 90000) }}",
    "join filter": "{{ range(99999) | join('x' * 99999) }}",
    "indent": "{{ ('\n' * 500000) | indent(10**9) }}",
    "batch": "{{ [1] | batch(10**9, 'x') | list }}",
    "slice filter": "{{ [1] | slice(10**9) | list }}",
    "tojson": "{{ [1, 2] | tojson(indent=10**9) }}",
    "round": "{{ 1.5 | round(10**9, 'ceil') }}",
    "lipsum": "{{ lipsum(10**9) }}",
    "quadratic sum": "{{ (range(99999) | batch(1) | list) | sum(start=[]) }}",
    "quadratic select": "{% set l = range(99999) | list %}{{ l | select('in', l) | list }}",
    "many slices": "{% set s = 'x' * 999999 %}{% set l = [" + "s[1:]," * 9000 + "] %}",
    "many parts": "{% set s = 'x' * 999999 %}{{ " + "~".join(["s"] * 9000) + " }}",
    "join over a generator": "{{ ('x' * 900000).join(range(99999) | map('string')) }}",
    "long attribute path": "{% set l = range(99999) | map('string') | list %}"
    "{{ l | map(attribute='0' ~ '.0' * 300000) | list | length }}",
    "quadratic rfind": "{{ ('a' * 900000).rfind('ab' ~ 'a' * 400000) }}",
    "quadratic rsplit": "{{ ('a' * 900000).rsplit('ab' ~ 'a' * 400000) }}",
    "quadratic strip": "{{ ('a' * 900000).strip('b' * 900000 ~ 'a') | length }}",
    "quadratic trim": "{{ ('a' * 900000) | trim('b' * 900000 ~ 'a') | length }}",
    "kept copies": "{% set s = 'x' * 999999 %}"
    + "".join(f"{{% set a{i} = s.split('y') %}}" for i in range(900)),
    "kept texts": "{% set s = 'x' * 999999 %}"
    + "".join(f"{{% set a{i} = s[1:] %}}" for i in range(900)),
    "kept lists": "".join(f"{{% set a{i} = [0] * 900000 %}}" for i in range(900)),
    "strftime": "{{ strftime_now('%999999999Y') }}",
    "deep parentheses": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "deep conditions": "{% if 1 %}" * 2000 + "{% endif %}" * 2000,
    "deep loops": "{% for i in range(2) %}" * 40 + "{% endfor %}" * 40,
    "long sum": "{{ " + "+".join(["1"] * 20000) + " }}",
    "long attribute": "{{ a" + ".a" * 20000 + " }}",
    "long negation": "{{ " + "not " * 15000 + "1 }}",
    "open braces": "{{" * 30000,
    "long source": "x" * (MAX_SOURCE_CHARS + 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_or_takes_too_much_is_stopped(name: str) -> None:
    assert reason(ENDLESS[name]) in {
        "too_slow", "too_long", "too_complex", "too_large", "forbidden", "syntax", "error",
        "not_plain_data",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["nested loops", "doubling macro", "filtered inner loop", "quadratic select"]
)
def test_silent_loops_end_as_too_slow(name: str) -> None:
    assert reason(ENDLESS[name]) == "too_slow"


def test_the_time_limit_holds_on_its_own() -> None:
    template = ChatTemplate(ENDLESS["doubling macro"], max_seconds=0.05)
    start = time.perf_counter()
    with pytest.raises(TemplateFailed, match="too_slow"):
        template.render(TALK)
    assert time.perf_counter() - start < 0.5


def test_recursion_on_another_thread_is_an_error_not_a_crash() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(reason(ENDLESS["recursive macro"])))
    thread.start()
    thread.join()
    assert found == ["too_complex"]


def test_a_template_works_again_after_it_failed() -> None:
    template = ChatTemplate("{% for i in range(messages[0].content | int) %}{% endfor %}ok")
    with pytest.raises(TemplateFailed):
        template.render([Message("user", "999999999")])
    assert template.render([Message("user", "3")]) == "ok"


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'role': 'x'}) }}",
        "{{ messages[0].pop('role') }}",
        "{{ raise_exception.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ range.__code__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
        "{{ '{0[__class__]}'.format(1) }}",
        "{{ '%s'.format_map({}) }}",
        "{{ (1).__class__ }}",
        "{{ loop.__class__ }}{% for i in [1] %}{{ loop.__class__ }}{% endfor %}",
        "{% for i in [1] %}{{ loop._iterator }}{% endfor %}",
        "{% macro f() %}{% endmacro %}{{ f._func }}",
        "{{ messages | map(attribute='__class__') | list }}",
    ],
)
def test_attribute_escapes_are_refused(source: str) -> None:
    assert reason(source) in {"forbidden", "error"}


@pytest.mark.parametrize("name", ["__class__", "mro", "gi_frame", "f_globals", "func_globals"])
def test_no_inner_object_is_ever_printed(name: str) -> None:
    source = f"{{{{ (messages | map('length')).{name} }}}}{{{{ namespace.{name} }}}}"
    try:
        assert render(source) == ""
    except TemplateFailed as error:
        assert error.params["reason"] in {"forbidden", "error"}  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages | map('length') }}",
        "{{ namespace }}",
        "{{ [namespace] }}",
        "{{ cycler }}x{{ self }}",
    ],
)
def test_no_address_reaches_a_prompt(source: str) -> None:
    assert reason(source) == "not_plain_data"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% for %}", "syntax"),
        ("{{ x | nosuchfilter }}", "syntax"),
        ("{{ ''|attr('__class__') }}", "syntax"),
        ("{{ raise_exception('no system role') }}", "refused"),
        ("{% include 'x' %}", "error"),
        ("{% extends '/etc/passwd' %}", "error"),
        ("{% import 'os' as o %}", "error"),
        ("{{ 1 / 0 }}", "error"),
        ("{{ a.b.c }}", "error"),
        ("{{ 1 + 'a' }}", "error"),
        ("{{ messages[0]() }}", "error"),
    ],
)
def test_faults_are_one_clear_error(source: str, expected: str) -> None:
    assert reason(source) == expected


def test_the_error_never_quotes_the_conversation() -> None:
    with pytest.raises(TemplateFailed) as caught:
        render("{{ raise_exception(messages[1].content) }}")
    assert "Héllo" not in str(caught.value)
    assert set(caught.value.params) == {"reason"}


def test_the_conversation_is_not_changed_by_a_template() -> None:
    messages = list(TALK)
    render("{% set messages = [] %}{% for m in messages %}{% set m = 1 %}{% endfor %}", messages)
    assert messages == TALK
