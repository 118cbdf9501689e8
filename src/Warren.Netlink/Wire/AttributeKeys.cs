using System.Net;

namespace Warren.Netlink.Wire;

// An attribute's number, width and byte order are declared once, in its key; a value cannot be written or read in
// any other way. The keys of a family stand in one class named after the kernel's enum (Ifla, Rta, NftaRule).

/// <summary>An attribute of one byte.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct U8Key(ushort Type);

/// <summary>An attribute of 16 bits in the machine's byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct U16Key(ushort Type);

/// <summary>An attribute of 32 bits in the machine's byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct U32Key(ushort Type);

/// <summary>An attribute of 64 bits in the machine's byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct U64Key(ushort Type);

/// <summary>An attribute of 16 bits in network byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct Be16Key(ushort Type);

/// <summary>An attribute of 32 bits in network byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct Be32Key(ushort Type);

/// <summary>An attribute of 64 bits in network byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct Be64Key(ushort Type);

/// <summary>A text that ends with a NUL byte, UTF-8.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct TextKey(ushort Type);

/// <summary>Bytes without a meaning of their own.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct BytesKey(ushort Type);

/// <summary>An <see cref="IPAddress"/> of 4 or 16 bytes in network byte order.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct AddressKey(ushort Type);

/// <summary>An attribute that holds attributes.</summary>
/// <param name="Type">The attribute's number in its family, without flag bits.</param>
public readonly record struct NestKey(ushort Type);
