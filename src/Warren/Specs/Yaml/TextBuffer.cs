using SharpYaml;

namespace Warren.Specs.Yaml;

/// <summary>A text for the scanner to look ahead in, without a copy.</summary>
internal sealed class TextBuffer(string text) : ILookAheadBuffer
{
    private int _position;

    public bool EndOfInput => _position >= text.Length;

    // the scanner takes a NUL for the end; one that is really in the text was refused before
    public char Peek(int offset) => (uint)(_position + offset) < (uint)text.Length ? text[_position + offset] : '\0';

    public void Cache(int length)
    {
        // all of it is here
    }

    public void Skip(int length) => _position += length;
}
