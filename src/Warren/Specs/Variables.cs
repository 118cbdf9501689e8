using System.Text;
using Warren.Specs.Yaml;

namespace Warren.Specs;

/// <summary>
/// Puts variables into texts, as compose does: <c>$VAR</c>, <c>${VAR}</c>, <c>${VAR:-default}</c>, <c>${VAR-default}</c>,
/// <c>${VAR:?message}</c>, <c>${VAR?message}</c>, <c>${VAR:+other}</c>, <c>${VAR+other}</c>, and <c>$$</c> for a dollar. One that is
/// not set and has no default is a mistake, not an empty text.
/// </summary>
internal sealed class Variables(Func<string, string?> variable, Faults faults)
{
    // a program is given no longer text anyway: MAX_ARG_STRLEN of execve(2)
    private const int LongestValue = 128 * 1024;
    private const int MostCharacters = 16 * 1024 * 1024;
    private const int Deepest = 16;

    private int _characters;

    // what is being read
    private Node _node = null!;
    private string _text = "";
    private bool _failed;
    private bool _broken;

    /// <summary>The variable's value, or null if it is not set.</summary>
    public string? this[string name] => variable(name);

    /// <summary>A scalar's text with its variables replaced; null if that cannot be: then it was said why.</summary>
    public string? Expand(Node scalar)
    {
        if (!scalar.Text.Contains('$', StringComparison.Ordinal))
            return scalar.Text;
        _node = scalar;
        _text = scalar.Text;
        _failed = _broken = false;
        var result = new StringBuilder();
        int position = 0;
        Copy(ref position, result, depth: 0);
        if (_failed)
            return null;
        _characters += result.Length;
        if (result.Length > LongestValue || _characters > MostCharacters)
        {
            faults.Add(scalar.Place, "variables make this longer than a program can be given");
            return null;
        }
        return result.ToString();
    }

    // Copies up to the end, or up to the '}' that closes what is being read; without a result it is only read.
    private void Copy(ref int position, StringBuilder? result, int depth)
    {
        while (position < _text.Length && !_broken)
        {
            char c = _text[position];
            if (c == '}' && depth > 0)
                return;
            if (c != '$')
            {
                result?.Append(c);
                position++;
            }
            else if (position + 1 < _text.Length && _text[position + 1] == '$')
            {
                result?.Append('$');
                position += 2;
            }
            else if (position + 1 < _text.Length && _text[position + 1] == '{')
            {
                Braced(ref position, result, depth);
            }
            else
            {
                int start = position++;
                string name = Name(ref position);
                if (name.Length == 0)
                    Fault(start, 1, "a single '$' begins a variable", "write $$ for a dollar, as in $$(date) or costs $$5");
                else if (result is not null)
                    Put(name, start, position, result);
            }
            if (result?.Length > LongestValue)
                return;
        }
    }

    // at ${
    private void Braced(ref int position, StringBuilder? result, int depth)
    {
        int start = position;
        position += 2;
        if (depth >= Deepest)
        {
            Fault(start, 2, $"variables are more than {Deepest} deep in each other");
            return;
        }
        string name = Name(ref position);
        if (name.Length == 0)
        {
            Fault(start, position - start, "'${' must be followed by a variable's name: letters, digits and '_'", "as in ${PORT}, or ${PORT:-8080}; write $$ for a dollar");
            return;
        }
        bool orEmpty = position < _text.Length && _text[position] == ':';
        if (orEmpty)
            position++;
        char kind = position < _text.Length ? _text[position] : '\0';
        if (kind == '}' && !orEmpty)
        {
            position++;
            if (result is not null)
                Put(name, start, position, result);
            return;
        }
        if (kind is not ('-' or '?' or '+'))
        {
            string hint = kind == '\0' && !orEmpty ? $"close it: ${{{name}}}" : $"as in ${{{name}}}, ${{{name}:-default}}, ${{{name}:?message}} or ${{{name}:+other}}";
            Fault(start, position - start, $"the '${{' of the variable '{name}' is not closed", hint);
            return;
        }
        position++;
        string? value = result is null ? null : variable(name);
        bool has = orEmpty ? !string.IsNullOrEmpty(value) : value is not null;
        bool uses = result is not null && (kind == '+' ? has : !has);
        StringBuilder? inner = !uses ? null : kind == '?' ? new StringBuilder() : result;
        Copy(ref position, inner, depth + 1);
        if (_broken)
            return;
        if (position >= _text.Length)
        {
            Fault(start, 2 + name.Length, $"the '${{' of the variable '{name}' is not closed", "a '}' is missing");
            return;
        }
        position++;
        if (kind == '?' && uses)
            Missing(start, position - start, $"the variable '{name}' is not set{(inner!.Length > 0 ? ": " + inner : "")}", $"type: {name}=… before the command, or after sudo");
        else if (kind != '+' && has)
            result?.Append(value);
    }

    private void Put(string name, int start, int end, StringBuilder result)
    {
        if (variable(name) is { } value)
            result.Append(value);
        else
            Missing(start, end - start, $"the variable '{name}' is not set", $"set it, or give a default: ${{{name}:-default}}; a dollar that is meant so is written $$");
    }

    private string Name(ref int position)
    {
        int start = position;
        while (position < _text.Length && (char.IsAsciiLetter(_text[position]) || _text[position] == '_' || (position > start && char.IsAsciiDigit(_text[position]))))
            position++;
        return _text[start..position];
    }

    // what follows cannot be told apart any more
    private void Fault(int start, int length, string message, string hint = "")
    {
        _broken = true;
        Missing(start, length, message, hint);
    }

    private void Missing(int start, int length, string message, string hint)
    {
        _failed = true;
        faults.Add(_node.At(start, length), message, hint);
    }
}
