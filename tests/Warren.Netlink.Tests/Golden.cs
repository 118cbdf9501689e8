using System.Globalization;
using Warren.Netlink.Wire;

namespace Warren.Netlink.Tests;

/// <summary>
/// Messages as they were on the wire. Text is hexadecimal, blanks and line ends do not count, and <c>#</c> starts a remark
/// that goes to the end of the line. Sequence and port numbers, bytes 8 to 15 of a message, are set to 0.
/// </summary>
internal static class Golden
{
    /// <summary>Reads the bytes.</summary>
    public static byte[] Bytes(string annotated)
    {
        var bytes = new List<byte>();
        foreach (string line in annotated.Split('\n'))
        {
            string text = line.Split('#')[0];
            foreach (string two in text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                bytes.Add(byte.Parse(two, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        }
        return [.. bytes];
    }

    /// <summary>Hexadecimal, 16 bytes a line, so that a difference shows its place.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        for (; bytes.Length > 0; bytes = bytes[Math.Min(16, bytes.Length)..])
            lines.Add(Convert.ToHexString(bytes[..Math.Min(16, bytes.Length)]));
        return string.Join('\n', lines);
    }

    /// <summary>What a parser makes of all messages of a datagram, without those that it ignores.</summary>
    public static List<T> Parse<T>(ReadOnlySpan<byte> datagram, MessageParser<T> parse)
        where T : class
    {
        var values = new List<T>();
        var reader = new MessageReader(datagram);
        while (reader.TryRead(out Message message))
        {
            if (parse(in message) is { } value)
                values.Add(value);
        }
        return values;
    }
}
