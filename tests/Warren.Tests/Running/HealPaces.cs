using AwesomeAssertions;
using CsCheck;
using Warren.Running.Services;
using Xunit;

namespace Warren.Tests.Running;

/// <summary>When a supervisor looks after what others changed: soon, and never too often.</summary>
public sealed class HealPaces
{
    [Fact]
    public void A_single_change_is_looked_at_when_it_has_been_quiet()
    {
        var pace = new HealPace();
        pace.Due.Should().BeNull();
        pace.Note(1000, ChangeKind.None);
        pace.Due.Should().BeNull();
        pace.Note(1000, ChangeKind.Ours);
        pace.Due.Should().Be(1100);
        pace.Note(1050, ChangeKind.Ours);
        pace.Due.Should().Be(1150);
        pace.Begin(1150);
        pace.Due.Should().BeNull("somebody looks");
        pace.Note(1160, ChangeKind.Ours);
        pace.Due.Should().BeNull();
        pace.End(1170, failed: false);
        pace.Due.Should().Be(1260, "it may have come too late for that look");
    }

    [Fact]
    public void A_burst_without_end_is_looked_at_within_half_a_second()
    {
        var pace = new HealPace();
        for (long now = 0; now < 1000; now += 10)
            pace.Note(now, ChangeKind.Others);
        pace.Due.Should().Be(500);
    }

    [Fact]
    public void What_fails_is_tried_again_later_each_time_and_at_last_every_ten_minutes()
    {
        var pace = new HealPace();
        pace.Note(0, ChangeKind.Ours);
        var waits = new List<long>();
        for (int i = 0; i < 8; i++)
        {
            long now = pace.Due!.Value;
            pace.Begin(now);
            pace.End(now, failed: true);
            waits.Add(pace.Due!.Value - now);
        }
        waits.Should().Equal(2_000, 8_000, 32_000, 128_000, 512_000, 600_000, 600_000, 600_000);
        pace.Note(waits.Sum() + 100, ChangeKind.Ours);
        pace.Begin(pace.Due!.Value);
        pace.End(waits.Sum() + 300, failed: false);
        pace.Due.Should().BeNull("all is well again");
    }

    [Fact]
    public void A_change_of_ours_is_looked_at_at_once_while_others_change_theirs_all_day()
    {
        var pace = new HealPace();
        long now = 0;
        for (; now < 3_600_000; now += 50)
        {
            pace.Note(now, ChangeKind.Others);
            Look(pace, now, took: 15);
        }
        pace.Note(now, ChangeKind.Ours);
        pace.Due.Should().Be(now + HealPace.Quiet);
    }

    [Theory]
    [InlineData(ChangeKind.Others, 15, 250)]
    [InlineData(ChangeKind.Others, 1_000, 50)]
    [InlineData(ChangeKind.Ours, 15, 1_850)]
    [InlineData(ChangeKind.Ours, 1_000, 240)]
    internal void An_hour_of_changes_is_a_bounded_number_of_looks(ChangeKind kind, int took, int most)
    {
        var pace = new HealPace();
        int looks = 0;
        for (long now = 0; now < 3_600_000; now += 50)
        {
            pace.Note(now, kind);
            looks += Look(pace, now, took) ? 1 : 0;
        }
        looks.Should().BeInRange(most / 2, most);
    }

    [Fact]
    public void Whatever_happens_nothing_that_was_heard_of_is_forgotten() =>
        Gen.Select(Gen.Int[0, 3000], Gen.Enum<ChangeKind>(), Gen.Int[0, 400], Gen.Bool)
            .Array[1, 60]
            .Sample(happenings =>
            {
                var pace = new HealPace();
                long now = 0;
                bool open = false;
                foreach ((int wait, ChangeKind kind, int took, bool failed) in happenings)
                {
                    now += wait;
                    pace.Note(now, kind);
                    open |= kind != ChangeKind.None;
                    if (pace.Due is { } due && due <= now)
                    {
                        pace.Begin(now);
                        now += took;
                        pace.End(now, failed);
                        open = failed;
                    }
                    if (open != pace.Due is not null)
                        return false;
                }
                return true;
            });

    private static bool Look(HealPace pace, long now, int took)
    {
        if (pace.Due is not { } due || due > now)
            return false;
        pace.Begin(now);
        pace.End(now + took, failed: false);
        return true;
    }
}
