using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Warren.Netlink.Wire;

/// <summary>Reads one value out of an answer.</summary>
/// <typeparam name="T">What is read.</typeparam>
/// <param name="message">The answer; valid only during the call.</param>
/// <returns>The value, or null for a message that is none of those asked for.</returns>
public delegate T? MessageParser<out T>(in Message message)
    where T : class;

/// <summary>
/// A netlink socket. It belongs to the network namespace of the thread that opened it, for ever, and may then be used
/// from any thread, one at a time. See netlink(7).
/// </summary>
public sealed class NetlinkSocket : IDisposable
{
    // A dump answers with datagrams of up to 32 KiB; a single answer is shorter.
    private const int ReceiveSize = 32 * 1024;

    // Answers wait in the socket's receive buffer until all requests of a datagram are handled; each costs it some
    // 800 bytes, and 212,992 are the default. So a long batch goes out in several datagrams.
    private const int RequestsPerDatagram = 100;

    // Message types of nfnetlink(7) have a subsystem's number in their upper byte; those below are of rtnetlink(7).
    private const ushort FirstSubsystem = 256;

    // An answer with an object in it costs up to 5,000 bytes.
    private const int AnswersPerDatagram = 32;

    // Every answer is made before send(2) returns, or as soon as we ask for the next part of a dump. This bound is for bugs.
    private const int TimeoutSeconds = 30;
    private const int DumpAttempts = 16;

    // One buffer for all sockets of a thread: each is used for the time of one exchange.
    [ThreadStatic]
    private static byte[]? t_buffer;

    private readonly int _fd;
    private uint _sequence;
    private bool _disposed;

    // One acknowledgement always has room. Of refusals there may be one for each message: the first is there, and ends the wait.
    private bool _refusalsMayOverflow;

    private NetlinkSocket(int fd) => _fd = fd;

    /// <summary>How many datagrams were sent and received, and their bytes: for tests that count.</summary>
    public NetlinkTraffic Traffic { get; private set; }

    /// <summary>Opens a socket in the calling thread's network namespace.</summary>
    /// <exception cref="NetlinkException">The kernel lacks the protocol (EPROTONOSUPPORT), or no descriptors are left.</exception>
    public static NetlinkSocket Open(NetlinkProtocol protocol)
    {
        int fd = Libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, (int)protocol);
        if (fd < 0)
            throw new NetlinkException(Errno.Last, "open netlink socket", protocol.ToString());
        // Older kernels lack one or the other; each only makes answers better.
        Set(fd, Libc.SOL_NETLINK, Libc.NETLINK_CAP_ACK, 1);
        Set(fd, Libc.SOL_NETLINK, Libc.NETLINK_EXT_ACK, 1);
        if (protocol == NetlinkProtocol.Route)
            Set(fd, Libc.SOL_NETLINK, Libc.NETLINK_GET_STRICT_CHK, 1);
        SetTimeout(fd);
        return new NetlinkSocket(fd);
    }

    /// <summary>
    /// The number of the network namespace that the socket belongs to; unique until the next boot (SO_NETNS_COOKIE).
    /// </summary>
    /// <exception cref="NetlinkException">The kernel is older than 5.14.</exception>
    public unsafe ulong NamespaceCookie
    {
        get
        {
            ulong cookie;
            uint length = sizeof(ulong);
            if (Libc.getsockopt(_fd, Libc.SOL_SOCKET, Libc.SO_NETNS_COOKIE, &cookie, ref length) != 0)
                throw new NetlinkException(Errno.Last, "read network namespace cookie", "");
            return cookie;
        }
    }

    // for what ioctl(2) tells
    internal int Descriptor => _disposed ? throw new ObjectDisposedException(nameof(NetlinkSocket)) : _fd;

    /// <summary>Sends requests that change something and reads every answer to them.</summary>
    /// <exception cref="NetlinkException">The first refusal. Requests after it in the same batch were carried out,
    /// as far as the kernel could: it does not stop at an error, except in an nf_tables transaction.</exception>
    public void Execute(NetlinkBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        NetlinkException? first = null;
        for (int i = 0; i < batch.Count; i += RequestsPerDatagram)
            Exchange<object>(batch, i, Math.Min(i + RequestsPerDatagram, batch.Count), null, null, ref first);
        if (first is not null)
            throw first;
    }

    /// <summary>Sends requests that change something, and among them some that ask; reads every answer.</summary>
    /// <param name="batch">At most 100 requests.</param>
    /// <param name="parse">Reads what was asked for.</param>
    /// <returns>What was read.</returns>
    /// <exception cref="NetlinkException">The first refusal.</exception>
    public List<T> Execute<T>(NetlinkBatch batch, MessageParser<T> parse)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Count, RequestsPerDatagram, nameof(batch));
        NetlinkException? first = null;
        var results = new List<T>();
        Exchange(batch, 0, batch.Count, parse, results, ref first);
        return first is null ? results : throw first;
    }

    /// <summary>Sends the whole batch as one datagram, as an nf_tables transaction must be, and reads the answers.</summary>
    /// <exception cref="NetlinkException">The first refusal.</exception>
    public void ExecuteTransaction(NetlinkBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.Length > 100_000)
            GrowSendBuffer(batch.Length + 4096);
        NetlinkException? first = null;
        _refusalsMayOverflow = true;
        try
        {
            Exchange<object>(batch, 0, batch.Count, null, null, ref first);
        }
        finally
        {
            _refusalsMayOverflow = false;
        }
        if (first is null)
            return;
        Drain();
        throw first;
    }

    // The first refusal is enough; what the others take of the receive buffer would be missing for the answers to what undoes the transaction.
    private unsafe void Drain()
    {
        byte nothing;
        while (Libc.recv(_fd, &nothing, 1, Libc.MSG_DONTWAIT) >= 0)
        {
            // each is cut off and gone
        }
    }

    /// <summary>Sends requests for single objects and reads the answers.</summary>
    /// <param name="batch">Requests without <see cref="MessageFlags.Dump"/>.</param>
    /// <param name="parse">Reads an answer.</param>
    /// <param name="absent">Error numbers that mean that the object is not there, and are no failure.</param>
    /// <returns>What was read, in the order of the requests.</returns>
    /// <exception cref="NetlinkException">The first refusal with any other error number.</exception>
    public List<T> Get<T>(NetlinkBatch batch, MessageParser<T> parse, params ReadOnlySpan<Errno> absent)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(batch);
        var results = new List<T>(batch.Count);
        NetlinkException? first = null;
        foreach ((T? value, NetlinkException? error) in Ask(batch, parse))
        {
            if (value is not null)
                results.Add(value);
            else if (error is not null && !absent.Contains(error.Errno))
                first ??= error;
        }
        return first is null ? results : throw first;
    }

    /// <summary>Sends requests for single objects, several in one go, and reads the answer to each: one message, or a refusal.</summary>
    /// <param name="batch">Requests without <see cref="MessageFlags.Dump"/>; acknowledgements are not asked for.</param>
    /// <param name="parse">Reads an answer.</param>
    /// <returns>For each request in turn what was read, or why not.</returns>
    public (T? Value, NetlinkException? Error)[] Ask<T>(NetlinkBatch batch, MessageParser<T> parse)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(parse);
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (int i = 0; i < batch.Count; i++)
        {
            Span<byte> bytes = batch.Writable(batch.Requests[i].Start, MessageHeader.Size);
            MessageHeader header = MemoryMarshal.Read<MessageHeader>(bytes);
            // of four rtnetlink types in a row (new, delete, get, set) only the third has an answer; others would be waited for in vain
            const int Get = 2;
            if (header.Type < FirstSubsystem && (header.Type & 3) != Get)
                throw new ArgumentException($"'{batch.Requests[i].Operation}' asks for nothing.", nameof(batch));
            header.Flags &= ~MessageFlags.Ack;
            MemoryMarshal.Write(bytes, in header);
        }
        var answers = new (T?, NetlinkException?)[batch.Count];
        for (int i = 0; i < batch.Count; i += AnswersPerDatagram)
            Ask(batch, i, Math.Min(i + AnswersPerDatagram, batch.Count), parse, answers);
        return answers;
    }

    private void Ask<T>(NetlinkBatch batch, int first, int end, MessageParser<T> parse, (T? Value, NetlinkException? Error)[] answers)
        where T : class
    {
        byte[] buffer = t_buffer ?? GC.AllocateUninitializedArray<byte>(ReceiveSize);
        t_buffer = null;
        uint sequence = Send(batch, first, end, out _);
        ExceptionDispatchInfo? fault = null;
        for (int awaited = end - first; awaited > 0;)
        {
            var reader = new MessageReader(Receive(buffer, batch.Requests[first]));
            while (reader.TryRead(out Message message))
            {
                // an answer to an earlier request
                if (message.Sequence - sequence >= (uint)(end - first))
                    continue;
                int index = first + (int)(message.Sequence - sequence);
                NetlinkBatch.Request request = batch.Requests[index];
                awaited--;
                if (message.Type is ControlMessage.Error)
                {
                    answers[index].Error = Refusal(in message, request);
                    continue;
                }
                try
                {
                    answers[index].Value = parse(in message);
                }
                catch (MalformedMessageException e)
                {
                    fault ??= ExceptionDispatchInfo.Capture(e);
                }
            }
        }
        t_buffer = buffer;
        fault?.Throw();
    }

    /// <summary>Sends one request with <see cref="MessageFlags.Dump"/> and reads the whole list; again from the start when the
    /// list changed while it was read.</summary>
    /// <exception cref="NetlinkException">The kernel refused, or the list changed at every one of 16 attempts (EINTR).</exception>
    public List<T> Dump<T>(NetlinkBatch batch, MessageParser<T> parse)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(batch);
        var results = new List<T>();
        for (int attempt = 0; attempt < DumpAttempts; attempt++)
        {
            NetlinkException? error = null;
            if (Exchange(batch, 0, 1, parse, results, ref error))
                return error is null ? results : throw error;
            results.Clear();
        }
        NetlinkBatch.Request request = batch.Requests[0];
        throw new NetlinkException(Errno.Interrupted, request.Operation, request.Subject, "the list changed at every attempt");
    }

    /// <summary>Asks for the messages of a group from now on. They come unasked: a socket that did so is for <see cref="Listen"/> alone.</summary>
    /// <param name="group">The group's number: NFNLGRP_*, RTNLGRP_*.</param>
    /// <exception cref="NetlinkException">No such group (EINVAL), or no privilege (EPERM).</exception>
    public unsafe void Subscribe(int group)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // A socket that never sent anything has the port number 0 still, as the kernel itself, and would be passed over.
        // struct sockaddr_nl { u16 family, padding; u32 port, groups; }
        ushort* address = stackalloc ushort[] { Libc.AF_NETLINK, 0, 0, 0, 0, 0 };
        if (Libc.bind(_fd, address, 12) != 0)
            throw new NetlinkException(Errno.Last, "bind netlink socket", "");
        // a burst that nobody reads meanwhile shall not be lost; without privilege over the host the default stays
        const int Burst = 4 * 1024 * 1024;
        _ = Set(_fd, Libc.SOL_SOCKET, Libc.SO_RCVBUFFORCE, Burst);
        if (!Set(_fd, Libc.SOL_NETLINK, Libc.NETLINK_ADD_MEMBERSHIP, group))
            throw new NetlinkException(Errno.Last, "subscribe to", $"netlink group {group}");
    }

    /// <summary>Waits for the next messages of the groups that were asked for.</summary>
    /// <param name="parse">Reads a message.</param>
    /// <param name="patience">How long to wait for the first.</param>
    /// <returns>What was read of one datagram; nothing if none came in time, or a signal did.</returns>
    /// <exception cref="NetlinkException">Messages were lost, as nobody read them in time (ENOBUFS); the next ones are not.</exception>
    public unsafe List<T> Listen<T>(MessageParser<T> parse, TimeSpan patience)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(parse);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var results = new List<T>();
        var asked = new PollDescriptor { Descriptor = _fd, Asked = Libc.POLLIN };
        if (Libc.poll(&asked, 1, (int)Math.Clamp(Math.Ceiling(patience.TotalMilliseconds), 0, int.MaxValue)) <= 0)
            return results;
        byte[] buffer = t_buffer ?? GC.AllocateUninitializedArray<byte>(ReceiveSize);
        t_buffer = null;
        var reader = new MessageReader(Receive(buffer, new NetlinkBatch.Request(0, "listen to", "netlink group")));
        while (reader.TryRead(out Message message))
        {
            if (parse(in message) is { } value)
                results.Add(value);
        }
        t_buffer = buffer;
        return results;
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _ = Libc.close(_fd);
    }

    /// <returns>False if a dump was interrupted.</returns>
    private bool Exchange<T>(
        NetlinkBatch batch,
        int first,
        int end,
        MessageParser<T>? parse,
        List<T>? results,
        ref NetlinkException? error
    )
        where T : class
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        // taken away while it is in use: a parser may ask on another socket
        byte[] buffer = t_buffer ?? GC.AllocateUninitializedArray<byte>(ReceiveSize);
        t_buffer = null;
        uint sequence = Send(batch, first, end, out int awaited);
        uint last = sequence + (uint)(end - first) - 1;
        bool consistent = true;
        ExceptionDispatchInfo? fault = null;
        while (awaited > 0)
        {
            var reader = new MessageReader(Receive(buffer, batch.Requests[first]));
            while (reader.TryRead(out Message message))
            {
                // an answer to an earlier request, left by a malformed datagram
                if (message.Sequence - sequence > last - sequence)
                    continue;
                NetlinkBatch.Request request = batch.Requests[first + (int)(message.Sequence - sequence)];
                if (message.Flags.HasFlag(MessageFlags.DumpInterrupted))
                    consistent = false;
                switch (message.Type)
                {
                    case ControlMessage.NoOperation:
                        break;
                    case ControlMessage.Overrun:
                        throw new NetlinkException(Errno.NoBufferSpace, request.Operation, request.Subject);
                    case ControlMessage.Error:
                    case ControlMessage.Done:
                        NetlinkException? refused = Refusal(in message, request);
                        error ??= refused;
                        // a refused batch is answered by one error with its first sequence number, acks or not
                        awaited = refused is not null && !AckAwaited(batch, request) ? 0 : awaited - 1;
                        break;
                    default:
                        if (parse is not null && fault is null)
                            fault = Read(in message, parse, results!);
                        break;
                }
            }
        }
        t_buffer = buffer;
        fault?.Throw();
        return consistent;
    }

    // What a parser throws waits until the answer is read to its end: the kernel refuses the next dump while one is
    // unfinished (EBUSY).
    private static ExceptionDispatchInfo? Read<T>(in Message message, MessageParser<T> parse, List<T> results)
        where T : class
    {
        try
        {
            if (parse(in message) is { } value)
                results.Add(value);
            return null;
        }
        catch (Exception e)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    // One of the two bits of a dump alone is Replace or Exclusive, which nothing answers.
    private static bool AckAwaited(NetlinkBatch batch, NetlinkBatch.Request request)
    {
        MessageFlags flags = Flags(batch, request);
        return flags.HasFlag(MessageFlags.Ack) || flags.HasFlag(MessageFlags.Dump);
    }

    private static MessageFlags Flags(NetlinkBatch batch, NetlinkBatch.Request request) =>
        MemoryMarshal.Read<MessageHeader>(batch.Writable(request.Start, MessageHeader.Size)).Flags;

    // error:  nlmsgerr { int error; nlmsghdr of the request }, attributes if NLM_F_ACK_TLVS (0x200) is set
    // done:   int error, then the attributes
    private static NetlinkException? Refusal(in Message message, NetlinkBatch.Request request)
    {
        if (message.Payload.Length < sizeof(int))
        {
            if (message.Type == ControlMessage.Done)
                return null;
            throw new MalformedMessageException("an error message without an error number");
        }
        int number = MemoryMarshal.Read<int>(message.Payload);
        if (number >= 0)
            return null;
        string? words = null;
        int? offset = null;
        const int AckAttributes = 0x200;
        int skip = message.Type == ControlMessage.Error ? sizeof(int) + MessageHeader.Size : sizeof(int);
        if (((int)message.Flags & AckAttributes) != 0 && message.Payload.Length > skip)
        {
            var attributes = new AttributeReader(message.Payload[skip..]);
            while (attributes.Next())
            {
                if (attributes.Is(NlmsgerrAttr.Message))
                    words = attributes.Get(NlmsgerrAttr.Message);
                else if (attributes.Is(NlmsgerrAttr.Offset))
                    offset = (int)attributes.Get(NlmsgerrAttr.Offset);
            }
        }
        return new NetlinkException(new Errno(-number), request.Operation, request.Subject, words, offset);
    }

    private unsafe uint Send(NetlinkBatch batch, int first, int end, out int awaited)
    {
        uint sequence = _sequence + 1;
        awaited = 0;
        for (int i = first; i < end; i++)
        {
            NetlinkBatch.Request request = batch.Requests[i];
            Span<byte> bytes = batch.Writable(request.Start, MessageHeader.Size);
            MessageHeader header = MemoryMarshal.Read<MessageHeader>(bytes);
            header.Sequence = ++_sequence;
            // they are carried out in their order, and a refusal is told unasked: the last one's acknowledgement is that of all
            if (i < end - 1 && header.Type < FirstSubsystem && !header.Flags.HasFlag(MessageFlags.Dump))
                header.Flags &= ~MessageFlags.Ack;
            MemoryMarshal.Write(bytes, in header);
            if (AckAwaited(batch, request))
                awaited++;
        }
        int start = batch.Requests[first].Start;
        int length = (end < batch.Count ? batch.Requests[end].Start : batch.Length) - start;
        fixed (byte* data = batch.Writable(start, length))
        {
            nint sent;
            do
            {
                sent = Libc.send(_fd, data, length, 0);
            } while (sent < 0 && Errno.Last == Errno.Interrupted);
            if (sent < 0)
                throw new NetlinkException(Errno.Last, batch.Requests[first].Operation, batch.Requests[first].Subject);
        }
        Traffic = Traffic.Sent(length);
        return sequence;
    }

    private unsafe ReadOnlySpan<byte> Receive(byte[] buffer, NetlinkBatch.Request request)
    {
        const int Attempts = 3;
        nint length;
        fixed (byte* data = buffer)
        {
            int failed = 0;
            do
            {
                length = Libc.recv(_fd, data, buffer.Length, Libc.MSG_TRUNC);
                // What was asked for is done, whatever befalls the reading of the answer; and the answer is still there.
            } while (length < 0 && (Errno.Last == Errno.Interrupted || (!IsFinal(Errno.Last) && ++failed < Attempts)));
        }
        if (length < 0)
        {
            Errno errno = Errno.Last;
            throw new NetlinkException(errno == Errno.Again ? Errno.TimedOut : errno, request.Operation, request.Subject);
        }
        if (length > buffer.Length)
            throw new MalformedMessageException($"{request.Operation} {request.Subject}: an answer of {length} bytes");
        Traffic = Traffic.Received((int)length);
        return buffer.AsSpan(0, (int)length);
    }

    // No answer in time, or one that was thrown away for want of room: there is nothing to wait for.
    private bool IsFinal(Errno errno) => errno == Errno.Again || (errno == Errno.NoBufferSpace && !_refusalsMayOverflow);

    private void GrowSendBuffer(int bytes)
    {
        // the kernel doubles the value; without privilege over the host, net.core.wmem_max is the limit
        if (!Set(_fd, Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, bytes))
            Set(_fd, Libc.SOL_SOCKET, Libc.SO_SNDBUF, bytes);
    }

    private static unsafe bool Set(int fd, int level, int option, int value) =>
        Libc.setsockopt(fd, level, option, &value, sizeof(int)) == 0;

    private static unsafe void SetTimeout(int fd)
    {
        // struct timeval { long seconds; long microseconds; }
        long* timeout = stackalloc long[] { TimeoutSeconds, 0 };
        _ = Libc.setsockopt(fd, Libc.SOL_SOCKET, Libc.SO_RCVTIMEO, timeout, 16);
    }
}

/// <summary>Datagrams and bytes over a socket since it was opened.</summary>
/// <param name="SentDatagrams">Datagrams sent.</param>
/// <param name="SentBytes">Bytes sent.</param>
/// <param name="ReceivedDatagrams">Datagrams received.</param>
/// <param name="ReceivedBytes">Bytes received.</param>
public readonly record struct NetlinkTraffic(
    int SentDatagrams,
    long SentBytes,
    int ReceivedDatagrams,
    long ReceivedBytes
)
{
    internal NetlinkTraffic Sent(int bytes) =>
        this with
        {
            SentDatagrams = SentDatagrams + 1,
            SentBytes = SentBytes + bytes,
        };

    internal NetlinkTraffic Received(int bytes) =>
        this with
        {
            ReceivedDatagrams = ReceivedDatagrams + 1,
            ReceivedBytes = ReceivedBytes + bytes,
        };
}
