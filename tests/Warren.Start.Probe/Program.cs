using System.Globalization;

namespace Warren.Start.Probe;

/// <summary>
/// Makes the garbage collector work on what stands before <c>Main</c>: it starts as Warren does (src/Warren.Cli/Start). Static fields of many types are
/// written and read between collections of every kind; objects are finalized, threads come and go, memory is given back. What is lost, moved wrongly or
/// never finalized shows in what it prints, or ends it.
/// </summary>
internal static class Program
{
    private const int Rounds = 2000;

    private static int s_finalized;

    private static class Kept<T>
    {
        public static List<T> Values = [];
        public static object Text = "";
        public static int Times;
    }

    private sealed class Finalized
    {
        public byte[] Held { get; } = new byte[100];

#pragma warning disable MA0055 // that it runs is what is asked
        ~Finalized() => Interlocked.Increment(ref s_finalized);
#pragma warning restore MA0055
    }

    private static int Main()
    {
        var random = new Random(1);
        var kept = new Dictionary<string, List<int[]>>();
        long sum = 0;
        for (int i = 0; i < Rounds; i++)
        {
            KeepSome(i);
            for (int k = 0; k < 20; k++)
            {
                string key = random.Next(500).ToString(CultureInfo.InvariantCulture);
                if (!kept.TryGetValue(key, out List<int[]>? list))
                    kept[key] = list = [];
                list.Add([i, .. new int[random.Next(200)]]);
                if (list.Count > 10)
                    list.RemoveRange(0, 8);
            }
            sum += Large(random) + new Finalized().Held.Length;
            if (i % 10 == 0)
                GC.Collect(i / 10 % 3, GCCollectionMode.Forced, blocking: true, compacting: i % 20 == 0);
            if (i % 100 == 0)
                GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        foreach (List<int[]> list in kept.Values)
            sum += list.Sum(each => each[0]);
        Together();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Console.WriteLine($"sum {sum}, finalized {s_finalized}");
        return 0;
    }

    private static void KeepSome(int i)
    {
        Keep(i);
        Keep((long)i);
        Keep((byte)i);
        Keep((i, i));
        Keep((i, "a"));
        Keep(i.ToString(CultureInfo.InvariantCulture));
        Keep(new int[3]);
        Keep(new List<int> { i });
        Keep(DateTime.UnixEpoch);
        Keep(Guid.Empty);
        Keep(new KeyValuePair<int, string>(i, "z"));
    }

    private static void Keep<T>(T value)
    {
        Kept<T>.Values.Add(value);
        if (Kept<T>.Values.Count > 50)
            Kept<T>.Values = [];
        if (Kept<T>.Times > 0 && (string)Kept<T>.Text != new string('x', 20 + (Kept<T>.Times - 1) % 7))
            throw new InvalidOperationException($"a static field of Kept<{typeof(T)}> is not what was written");
        Kept<T>.Text = new string('x', 20 + Kept<T>.Times++ % 7);
    }

    // beside the pieces that were made before Main: large objects and pinned ones
    private static int Large(Random random)
    {
        byte[] large = new byte[90_000 + random.Next(100_000)];
        byte[] pinned = GC.AllocateArray<byte>(500 + random.Next(5_000), pinned: true);
        large[^1] = pinned[^1] = 1;
        return large[0] + pinned[0] + large[^1] + pinned[^1];
    }

    private static void Together()
    {
        var threads = new List<Thread>();
        for (int i = 0; i < 4; i++)
        {
            var thread = new Thread(() =>
            {
                for (int k = 0; k < 20_000; k++)
                {
                    object[] some = new object[10];
                    some[3] = new string('y', k % 50);
                    if (k % 5_000 == 0)
                        GC.Collect();
                }
            });
            thread.Start();
            threads.Add(thread);
        }
        foreach (Thread thread in threads)
            thread.Join();
        Task.WaitAll([.. Enumerable.Range(0, 50).Select(_ => Task.Run(GC.Collect))]);
    }
}
