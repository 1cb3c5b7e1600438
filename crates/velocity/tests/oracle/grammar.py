"""Makes templates at random, most of them well-formed: the corners of the language that nobody thinks of by hand."""

import random

TEMPLATE_CHARS_MAX = 300
VARIABLES = ["a", "j", "l", "d", "n", "t", "f", "m", "e", "z", "s", "u", "x", "y", "i"]
PROPERTIES = ["k", "n", "a", "b", "x", "empty", "size", "key", "value", "first", "index"]
INDICES = ["0", "1", "-1", "'k'", "'a'", '"$n"', "$i", "99"]
SIMPLE = ["1", "0", "'k'", '"k"', "'l'", "'a'", "2", "5", "-1"]
LITERALS = ["1", "0", "2", "-3", "2.5", "1e3", "true", "false", "'k'", '"v"', "''", '""', "'it''s'"]
LARGE = ["2147483647", "9223372036854775807", "99999999999999999999", ".5"]
OPERATORS = "+ - * / % == != < <= > >= && || and or eq ne lt gt".split()
TEXTS = ["x", "y z", " ", "\n", "  ", ".", ",", "a.b", "{", "}", "(", ")", "[", "]", "-", "!", "\\", "\\\\", "#", "$"]
TEXTS += ["##\n", "'", "1", "e", "#x", "$1", "$ ", "# ", "#[[a $x]]#", "#* c *#", "é", "\t", "\r\n", ":", ";", "@", "="]
TEXTS += ["\\$", "\\#if", "\\#x"]
NOISE = ["", "$", "#", "\\", "{", "}", "(", ")", "[", "]", '"', "'", " ", ".", "!", "#end"]
TARGETS = ["$x", "$y", "$x.k", "$x['k']", "$m.z", "$l[0]", "$y[0]", "${x}"]
LOOP_HELPERS = ["$foreach.index", "$velocityCount", "#if($foreach.hasNext),#end", "$foreach.parent.index", "#break", ""]


class Grammar:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def space(self):
        return self.one("", "", "", "", " ", "  ", "\n", " \n", "\t")

    def reference(self, depth):
        parts = self.random.randint(0, 2) if self.random.random() < 0.5 else 0
        name = self.one(*VARIABLES) + "".join(self.part(depth) for _ in range(parts))
        return self.one(f"${name}", f"${name}", f"${{{name}}}", f"$!{name}", f"$!{{{name}}}")

    def part(self, depth):
        kind = self.random.random()
        if kind < 0.3:
            return "." + self.one(*PROPERTIES)
        if kind < 0.5:
            return f"[{self.one(*INDICES)}]"
        return "." + self.method(depth - 1)

    def method(self, depth):
        value, simple = self.value(depth), self.one(*SIMPLE)
        return self.one(
            "size()", "length()", "isEmpty()", "toString()", "keySet()", "values()", "entrySet()", "hashCode()", "clear()",
            "toUpperCase()", "trim()", "charAt(1)", "intValue()", "matches('.*l.*')", "subList(0,1)",
            f"get({value})", f"put({simple},{value})", f"add({value})", f"contains({value})", f"equals({value})",
            f"indexOf({simple})", f"containsKey({simple})", f"remove({simple})", f"compareTo({simple})",
            f"startsWith({simple})", f"concat({simple})", f"replace({simple},{self.one(*SIMPLE)})", f"addAll({value})",
            f"substring({self.one('0', '1', '1,3', '5', '9')})", f"set({self.one('0', '1')},{value})",
            f"split({self.one(chr(39) + ',' + chr(39), chr(39) + 'l' + chr(39))})[0]",
            f"replaceAll({self.one(repr('l'), repr('[a-z]'), repr('(.)'))},{self.one(repr('x'), repr('$1$1'))})",
        )  # fmt: skip

    def value(self, depth):
        """What may be an argument: no operators."""
        kind = self.random.random()
        if depth <= 0 or kind < 0.3:
            return self.one(*LITERALS, *LARGE)
        if kind < 0.6:
            return self.reference(depth - 1)
        if kind < 0.7:
            return "[" + ",".join(self.value(depth - 1) for _ in range(self.random.randint(0, 3))) + "]"
        if kind < 0.8:
            return f"[{self.one('1', '$n', '3')}{self.one('..', ' .. ')}{self.one('3', '$n', '1', '-1')}]"
        if kind < 0.9:
            keys = [self.one("'k'", '"b"', "1", "$a") for _ in range(self.random.randint(0, 2))]
            return "{" + ",".join(f"{key}:{self.value(depth - 1)}" for key in keys) + "}"
        return '"' + self.quoted() + '"'

    def quoted(self):
        pieces = [self.one(self.reference(0), self.one(*TEXTS)) for _ in range(self.random.randint(0, 3))]
        return "".join(pieces).replace('"', '""')

    def expression(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.6:
            return self.value(depth)
        if kind < 0.7:
            return f"({self.expression(depth - 1)})"
        if kind < 0.8:
            return self.one("!", "not ") + self.expression(depth - 1)
        operator = self.one(*OPERATORS)
        return f"{self.expression(depth - 1)}{self.one(' ', '')}{operator} {self.expression(depth - 1)}"

    def condition(self, depth):
        reference, expression = self.reference(depth), self.expression(depth)
        return self.one(reference, "true", "false", f"!{reference}", expression, f"{reference} == {expression}",
                        f"{reference} && {self.reference(depth)}", f"{reference} || {self.reference(depth)}")  # fmt: skip

    def statement(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.35:
            return self.one(*TEXTS)
        if kind < 0.6:
            return self.reference(depth)
        if kind < 0.7:
            spaces = [self.space() for _ in range(5)]
            target, value = self.one(*TARGETS), self.expression(depth)
            return f"#set({spaces[0]}{target}{spaces[1]}={spaces[2]}{value}{spaces[3]}){spaces[4]}"
        if kind < 0.8:
            return self.conditional(depth - 1)
        if kind < 0.92:
            items = self.one(self.reference(depth - 1), self.value(depth - 1), "[1..3]", "$l", "$m", "$m.entrySet()")
            body = self.template(depth - 1) + self.one(*LOOP_HELPERS)
            return f"#foreach({self.space()}{self.one('$i', '$x', '$y')} in {items}){self.space()}{body}#end{self.space()}"
        if kind < 0.95:
            return f"#define($y){self.template(depth - 1)}#end"
        return self.one("#stop", "#break", "#foo", f"#foo({self.reference(0)})", "#{foo}", "#@foo()x#end", "#return(1)")

    def conditional(self, depth):
        text = f"{self.one('#if', '#{if}')}({self.condition(depth)}){self.space()}{self.template(depth)}"
        if self.random.random() < 0.2:
            text += f"#elseif({self.condition(depth)}){self.space()}{self.template(depth)}"
        if self.random.random() < 0.3:
            text += f"{self.one('#else', '#{else}')}{self.space()}{self.template(depth)}"
        return text + self.one("#end", "#{end}") + self.space()

    def template(self, depth):
        return "".join(self.statement(depth) for _ in range(self.random.randint(0, 4)))

    def mutated(self, text):
        """Now and then with a character too many or too few."""
        if text and self.random.random() < 0.2:
            at = self.random.randrange(len(text))
            return text[:at] + self.one(*NOISE) + text[at + self.random.randint(0, 1) :]
        return text


def templates(count, seed):
    grammar = Grammar(seed)
    made = {}
    while len(made) < count:
        text = grammar.mutated("".join(grammar.statement(4) for _ in range(grammar.random.randint(1, 5))))
        if 8 < len(text) <= TEMPLATE_CHARS_MAX:
            made[text] = None
    return list(made)
