using System.Runtime.InteropServices;
using System.Text;

namespace Warren.Running;

/// <summary>
/// Arguments and environment as the kernel has them: bytes, which need not be UTF-8. What goes through a .NET string loses
/// the bytes that are not.
/// </summary>
internal static unsafe class NativeText
{
    /// <summary>The environment that this process was started with, <c>NAME=value</c> each.</summary>
    public static List<byte[]> Environment() => Split("/proc/self/environ");

    /// <summary>
    /// A command's bytes. A command stands at the end of this process's own arguments, so its bytes are taken from there if
    /// they read the same.
    /// </summary>
    public static List<byte[]> Command(IReadOnlyList<string> command)
    {
        List<byte[]> encoded = command.Select(word => Encoding.UTF8.GetBytes(word)).ToList();
        List<byte[]> own = Split("/proc/self/cmdline");
        if (own.Count <= command.Count)
            return encoded;
        List<byte[]> tail = own[^command.Count..];
        return tail.Select(word => Encoding.UTF8.GetString(word)).SequenceEqual(command) ? tail : encoded;
    }

    /// <summary>A NULL-ended array of strings for execve(2), in memory of its own, which most leave to the end of the process.</summary>
    public static byte** Vector(IReadOnlyList<byte[]> words)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)words.Count + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < words.Count; i++)
            vector[i] = Copy(words[i]);
        return vector;
    }

    /// <summary>Frees what <see cref="Vector"/> made, in a process that lives long.</summary>
    public static void Free(byte** vector)
    {
        for (byte** word = vector; *word is not null; word++)
            NativeMemory.Free(*word);
        NativeMemory.Free(vector);
    }

    /// <summary>A string for the C library, in memory of its own that nobody frees.</summary>
    public static byte* Copy(ReadOnlySpan<byte> word)
    {
        byte* copy = (byte*)NativeMemory.AllocZeroed((nuint)word.Length + 1);
        word.CopyTo(new Span<byte>(copy, word.Length));
        return copy;
    }

    /// <summary>A variable's value, or null.</summary>
    public static byte[]? Find(List<byte[]> environment, string name)
    {
        byte[] prefix = Encoding.UTF8.GetBytes(name + "=");
        return environment.Find(entry => entry.AsSpan().StartsWith(prefix))?[prefix.Length..];
    }

    /// <summary>Gives a variable a value, or with null takes it out.</summary>
    public static void Set(List<byte[]> environment, string name, string? value)
    {
        byte[] prefix = Encoding.UTF8.GetBytes(name + "=");
        environment.RemoveAll(entry => entry.AsSpan().StartsWith(prefix));
        if (value is not null)
            environment.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
    }

    private static List<byte[]> Split(string file)
    {
        List<byte[]> words = [];
        ReadOnlySpan<byte> rest = File.ReadAllBytes(file);
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)0);
            words.Add((end < 0 ? rest : rest[..end]).ToArray());
            rest = end < 0 ? [] : rest[(end + 1)..];
        }
        return words;
    }
}
