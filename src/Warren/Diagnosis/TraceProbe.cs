using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using Warren.Model;
using Warren.Netlink.Namespaces;
using Warren.Netlink.Wire;

namespace Warren.Diagnosis;

/// <summary>A client that tries a port once: a TCP connection, or one datagram.</summary>
internal sealed class TraceProbe : IDisposable
{
    // How long a connected program has to say something before it is asked.
    private static readonly TimeSpan s_greeting = TimeSpan.FromMilliseconds(300);
    private static readonly Errno s_inProgress = new(115);
    private static readonly Errno s_refused = new(111);

    private readonly int _fd;
    private readonly Protocol _protocol;
    private long _connected;

    private TraceProbe(int fd, Protocol protocol, int port)
    {
        _fd = fd;
        _protocol = protocol;
        Port = port;
    }

    /// <summary>Its own port, which nobody else has.</summary>
    public int Port { get; }

    /// <summary>What became of it; null as long as nothing did.</summary>
    public ClientEnd? End { get; private set; }

    /// <summary>The error's words, if it ended with one.</summary>
    public string Words { get; private set; } = "";

    /// <summary>TCP: whether the program said something by itself, or ended the connection; null without a connection.</summary>
    public bool? Spoke { get; private set; }

    /// <summary>Whether it waits for nothing any more.</summary>
    public bool IsOver => End is not null && (End != ClientEnd.Answer || _protocol == Protocol.Udp || Spoke is not null);

    /// <summary>Makes a client with a port of its own.</summary>
    /// <param name="space">Where; null for the host.</param>
    /// <param name="protocol">TCP or UDP.</param>
    /// <exception cref="NetlinkException">No socket, or no port is free.</exception>
    public static TraceProbe Open(NetworkNamespace? space, Protocol protocol)
    {
        int type = (protocol == Protocol.Tcp ? Libc.SOCK_STREAM : Libc.SOCK_DGRAM) | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC;
        Func<int> make = () => Libc.socket(Libc.AF_INET, type, 0);
        int fd = space is null ? make() : space.Run(make);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open socket", "for the probe");
        try
        {
            return new TraceProbe(fd, protocol, OwnPort(fd));
        }
        catch
        {
            _ = Libc.close(fd);
            throw;
        }
    }

    /// <summary>Sends its packet.</summary>
    public unsafe void Send(IPAddress address, int port)
    {
        Span<byte> name = stackalloc byte[16];
        Write(name, address, port);
        int result;
        fixed (byte* bytes = name)
            result = Libc.connect(_fd, bytes, 16);
        if (result != 0 && Errno.Last != s_inProgress)
        {
            Fail(Errno.Last);
            return;
        }
        if (_protocol == Protocol.Tcp)
            return;
        byte line = (byte)'\n';
        if (Libc.send(_fd, &line, 1, Libc.MSG_NOSIGNAL) < 0)
            Fail(Errno.Last);
    }

    /// <summary>Looks whether something became of it; does not wait.</summary>
    public unsafe void Look()
    {
        if (IsOver)
            return;
        bool connecting = _protocol == Protocol.Tcp && End is null;
        var asked = new PollDescriptor { Descriptor = _fd, Asked = connecting ? Libc.POLLOUT : Libc.POLLIN };
        if (Libc.poll(&asked, 1, 0) <= 0)
        {
            if (End == ClientEnd.Answer && Stopwatch.GetElapsedTime(_connected) > s_greeting)
                Spoke = false;
            return;
        }
        if (!connecting && End == ClientEnd.Answer)
        {
            Spoke = true;
            return;
        }
        int error = 0;
        uint length = sizeof(int);
        _ = Libc.getsockopt(_fd, Libc.SOL_SOCKET, Libc.SO_ERROR, &error, ref length);
        byte* buffer = stackalloc byte[64];
        if (error == 0 && _protocol == Protocol.Udp && Libc.recv(_fd, buffer, 64, Libc.MSG_DONTWAIT) < 0)
            error = Errno.Last.Number;
        if (error != 0)
        {
            Fail(new Errno(error));
            return;
        }
        End = ClientEnd.Answer;
        _connected = Stopwatch.GetTimestamp();
    }

    public void Dispose() => _ = Libc.close(_fd);

    private void Fail(Errno errno)
    {
        End = errno == s_refused ? ClientEnd.Refusal : errno == Errno.TimedOut ? ClientEnd.Silence : ClientEnd.Unreachable;
        Words = errno.Text;
    }

    // a port that is bound before anything is sent: the rules that follow the packet name it
    private static unsafe int OwnPort(int fd)
    {
        Span<byte> name = stackalloc byte[16];
        Write(name, IPAddress.Any, 0);
        uint length = 16;
        fixed (byte* bytes = name)
        {
            if (Libc.bind(fd, bytes, 16) != 0 || Libc.getsockname(fd, bytes, ref length) != 0)
                throw new NetlinkException(Errno.Last, "bind", "a port for the probe");
        }
        return BinaryPrimitives.ReadUInt16BigEndian(name[2..]);
    }

    // struct sockaddr_in { u16 family; be16 port; be32 address; u8 zero[8]; }
    private static void Write(Span<byte> name, IPAddress address, int port)
    {
        name.Clear();
        name[0] = Libc.AF_INET;
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], (ushort)port);
        address.TryWriteBytes(name[4..], out _);
    }
}
