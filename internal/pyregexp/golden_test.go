package pyregexp

// golden are patterns with subjects that they match and do not match, as Python
// 3.11 has it; TestGoldenIsPython checks that.
var golden = []struct {
	pattern string
	yes, no []string
}{
	// The reference's own examples.
	{`(.*\.DS_Store)|(.*\.Spotlight-V100)`, []string{".DS_Store", "a/b/.DS_Store", ".Spotlight-V100/x"}, []string{"DS_Store", "a"}},
	{`test/TestEnvironment.img`, []string{"test/TestEnvironment.img", "test/TestEnvironment.img2", "test/TestEnvironmentXimg"}, []string{"a/test/TestEnvironment.img", "test/"}},
	{`.`, []string{"a", "é", " "}, []string{"", "\n"}},

	// Anchors. The match need not reach the end.
	{`ab`, []string{"ab", "abc"}, []string{"xab", "a"}},
	{`^ab$`, []string{"ab", "ab\n"}, []string{"abc", "ab\n\n"}},
	{`ab\Z`, []string{"ab"}, []string{"ab\n", "abc"}},
	{`a$\n`, []string{"a\n"}, []string{"a", "a\n\n"}},
	{`(a$)?b`, []string{"b"}, []string{"ab"}},
	{`(?m)a$\nb`, []string{"a\nb"}, []string{"ab"}},
	{`(?m)a\n^b`, []string{"a\nb"}, []string{"ab"}},
	{`a\n^b`, nil, []string{"a\nb"}},
	{`(?:a|^b)+c`, []string{"ac", "bc", "bac"}, []string{"abc"}},
	{`\bfoo\b`, []string{"foo", "foo.bar", "foo bar"}, []string{"foobar", "foo_", "fooé"}},
	{`(?a)foo\b`, []string{"foo", "fooé"}, []string{"foob"}},
	{`\B`, nil, []string{"", "a"}},
	{`a\B`, []string{"ab", "aé"}, []string{"a", "a."}},
	{`(?a)a\B`, []string{"ab"}, []string{"a", "aé"}},
	{`\Ba|\b`, []string{"a"}, []string{"", "."}},

	// Classes.
	{`[]a]`, []string{"]", "a"}, []string{"b", "[]a]"}},
	{`[^]a]`, []string{"b", "\n"}, []string{"]", "a", ""}},
	{`[a-]`, []string{"a", "-"}, []string{"b"}},
	{`[-a]`, []string{"a", "-"}, []string{"b"}},
	{`[a\-z]`, []string{"a", "-", "z"}, []string{"b"}},
	{`[[]`, []string{"["}, []string{"a"}},
	{`[[:alpha:]]`, []string{":]", "a]", "[]"}, []string{"b", "a"}},
	{`[\b]`, []string{"\b"}, []string{"b"}},
	{`[\d-]`, []string{"1", "-", "٣"}, []string{"a"}},
	{`[^\W_]`, []string{"a", "1", "é"}, []string{"_", "-"}},
	{`[\w\W]`, []string{"a", "\n"}, []string{""}},
	{`[&&a~~|]`, []string{"&", "~", "|", "a"}, []string{"b"}},
	{`[\x41-\x43\u00e9\U0001F600\n\101]`, []string{"A", "C", "é", "😀", "\n"}, []string{"D", "x"}},
	{`[(?:)*+.$^|]`, []string{"(", "?", ":", "*", ".", "$", "^", "|"}, []string{"a"}},

	// Unicode.
	{`\d`, []string{"1", "٣"}, []string{"²", "a"}},
	{`\w`, []string{"a", "é", "²", "_", "漢", "Ⅷ"}, []string{"-", "\u0301", ""}},
	{`\s`, []string{" ", "\u00a0", "\x1c", "\u2003", "\u0085"}, []string{"\u200b", "a"}},
	{`(?a)\w\d\s`, []string{"a1 "}, []string{"é1 ", "a٣ ", "a1\u00a0"}},
	{`(?i)k`, []string{"k", "K", "\u212a"}, []string{"q"}},
	{`(?i)\u212a`, []string{"k", "K"}, nil},
	{`(?i)[a-z]+$`, []string{"ſK", "İ", "ı"}, []string{"1"}},
	{`(?ai)k`, []string{"k", "K"}, []string{"\u212a"}},
	{`(?ai)\u212a`, []string{"\u212a"}, []string{"k", "K"}},
	{`(?i)[^k]`, []string{"a"}, []string{"K", "k", "\u212a"}},
	{`(?i)σ`, []string{"ς", "Σ", "σ"}, []string{"s"}},
	{`(?i)straße`, []string{"STRAẞE", "straße"}, []string{"STRASSE"}},
	{`(?i)µ`, []string{"μ", "Μ"}, nil},
	{`(?i)ǆ`, []string{"ǅ", "Ǆ"}, nil},
	{`(?i)ﬅ`, []string{"ﬆ"}, []string{"st"}},

	// Flags.
	{`(?s).`, []string{"\n", "a"}, []string{""}},
	{`(?s:.)b.`, []string{"\nba"}, []string{"\nb\n"}},
	{`(?i)a(?-i:b)c`, []string{"AbC", "abc"}, []string{"aBc"}},
	{`a(?i:b)c`, []string{"aBc"}, []string{"aBC"}},
	{"(?x) a b # c\n c [ ] \\ d", []string{"abc  d"}, []string{"abcd", "a b"}},
	{"(?x)a#\\\n)\nb", []string{"ab"}, []string{"a"}},
	{`(?x: a )b c`, []string{"ab c"}, []string{"abc"}},
	{`(?x)a(?-x: )b`, []string{"a b"}, []string{"ab"}},
	{"(?x)a {2}", []string{"aa"}, []string{"a {2}"}},
	{`(?i)(?m)A$`, []string{"a\nb"}, []string{"b"}},
	{`(?a:\w)\w`, []string{"aé"}, []string{"éa"}},
	{`(?a)(?u:\w)\w`, []string{"éa"}, []string{"aé"}},

	// Quantifiers.
	{`a{2}`, []string{"aa", "aaa"}, []string{"a"}},
	{`a{,2}b`, []string{"b", "aab"}, []string{"aaab"}},
	{`a{2,}b`, []string{"aab", "aaab"}, []string{"ab"}},
	{`a{,}b`, []string{"b", "aab"}, []string{"a{,}b"}},
	{`a{}`, []string{"a{}"}, []string{"a"}},
	{`a{x}`, []string{"a{x}"}, []string{"a"}},
	{`a{1`, []string{"a{1"}, []string{"a"}},
	{`a{1,x}`, []string{"a{1,x}"}, []string{"a"}},
	{`{a}`, []string{"{a}"}, []string{"a"}},
	{`x{1001}`, nil, []string{"x"}},
	{`(?:^)*a`, []string{"a"}, []string{"b"}},
	{`(?:a|b)*?c`, []string{"abc", "c"}, []string{"ab"}},
	{`(?:)*`, []string{"", "a"}, nil},
	{`(?:|a)*b`, []string{"aab"}, []string{"aac"}},

	// Possessive and atomic.
	{`a*+a`, nil, []string{"a", "aaa"}},
	{`a++b`, []string{"aab"}, []string{"aa"}},
	{`a?+a`, []string{"aa"}, []string{"a"}},
	{`a{1,2}+a`, []string{"aaa"}, []string{"aa"}},
	{`(?>a|ab)c`, []string{"ac"}, []string{"abc"}},
	{`(?:a|ab){2}+c`, []string{"aac"}, []string{"abac", "aabc"}},
	{`(?:ab?)*+b`, []string{"b"}, []string{"ab"}},

	// Groups and references.
	{`(a|b)\1`, []string{"aa", "bb"}, []string{"ab"}},
	{`(?P<x>a+)-(?P=x)$`, []string{"aa-aa"}, []string{"aa-a"}},
	{`(a)?\1b`, []string{"aab"}, []string{"b", "ab"}},
	{`(a)|b\1`, []string{"a"}, []string{"b"}},
	{`(?i)(a)\1`, []string{"aA", "Aa"}, []string{"ab"}},
	{`(a)\061`, []string{"a1"}, []string{"aa"}},
	{`\101\060\x41\x5c`, []string{`A0A\`}, []string{"A"}},
	{`\0`, []string{"\x00"}, []string{"0"}},
	{`(a)?(?(1)b|c)`, []string{"ab", "c"}, []string{"b"}},
	{`(?P<q>")?a(?(q)")$`, []string{`"a"`, "a"}, []string{`"a`}},
	{`(?(1)a|b)(c)?`, []string{"b", "bc"}, []string{"a"}},
	{`(?#a comment)a(?#b\)c)b`, []string{"ab"}, []string{"a("}},
	{`a(?#x)*`, []string{"", "aa"}, nil},

	// Look-around.
	{`(?!tmp/)`, []string{"a", "xtmp/"}, []string{"tmp/a"}},
	{`(?!.*\.jpg$)`, []string{"a.png", "a.jpg.png"}, []string{"a.jpg", "d/a.jpg"}},
	{`.*(?<!\.bak)$`, []string{"a", "bak"}, []string{"a.bak"}},
	{`(?=.*b)a`, []string{"ab", "acb"}, []string{"ac"}},
	{`ab(?<=ab)c`, []string{"abc"}, []string{"ab"}},
	{`(?<=^)a`, []string{"a"}, []string{"b"}},
	{`a(?<=(?=a).)b`, []string{"ab"}, []string{"bb"}},
	{`(?<!a)b`, []string{"b"}, []string{"ab"}},
	{`(a)b(?<=\1b)c`, []string{"abc"}, []string{"ab"}},
	{`(?=(a|ab))\1c`, []string{"ac"}, []string{"abc"}},

	// Escapes.
	{`\.\*\/\-\ \é`, []string{".*/- é"}, []string{"a"}},
	{`\a\f\n\r\t\v\\`, []string{"\a\f\n\r\t\v\\"}, []string{"a"}},
	{`a]b}`, []string{"a]b}"}, []string{"ab"}},
}

// goldenErrors are patterns that Python refuses.
var goldenErrors = []string{
	`(`, `)`, `a)`, `(?`, `(?P`, `(?P<`, `(?P<>a)`, `(?P<1>a)`, `(?P<a>x)(?P<a>y)`, `(?P=a)`, `(?P>a)`, `(?<a)`, `(?'a)`, `(?:`, `(?#`,
	`*`, `+a`, `?`, `^*`, `$+`, `\b?`, `a**`, `a*{2}`, `a+++`, `(*a)`, `|*`, `(?i)*`, `a{2,1}`, `a{4294967295}`, `{1}`,
	`[`, `[]`, `[^]`, `[a`, `[a-`, `[z-a]`, `[\d-a]`, `[a-\d]`, `[\8]`, `[\y]`, `[\A]`,
	`\`, `a\`, `\y`, `\Q`, `\z`, `\1`, `\8`, `(a\1)`, `(a)\2`, `\400`, `\x1`, `\xg1`, `\u123`, `\U00110000`, `\U0001`,
	`a(?i)b`, `(a(?i)b)`, `|(?i)`, `(?L)a`, `(?y)`, `(?i`, `(?-i)`, `(?-`, `(?i-`, `(?-a:x)`, `(?i-i:x)`, `(?au)x`, `(?a)(?u)x`, `(?iy)`,
	`(?<=a*)`, `(?<=a|bc)`, `(?<!a?)b`, `(?<=(a)\1)b`, `(?(1)a)`, `(?(x)a)`, `(?(0)a)`, `(?(1)a|b|c)(d)`, `(?(1`, `(?()a)`,
}
