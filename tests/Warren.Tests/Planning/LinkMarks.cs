using AwesomeAssertions;
using CsCheck;
using Warren.Model;
using Warren.Planning;
using Warren.Tests.Model;
using Xunit;

namespace Warren.Tests.Planning;

public sealed class LinkMarks
{
    // ranges as they are typed; so many sometimes that not all fit
    private static readonly Gen<LinkMark> s_any = Gen.Select(
        Names.Valid,
        Cidrs.Any,
        PortRequests.Any.Where(request => !request.TakesAny).List[0, 25],
        Gen.Bool,
        Gen.Bool,
        (name, inside, requests, adopted, loopback) =>
            new LinkMark(name, inside, [.. requests.SelectMany(request => request.Forwards).Distinct()])
            {
                Adopted = adopted,
                SwitchedLoopbackOn = loopback,
            }
    );

    [Theory]
    [InlineData("warren:web1 10.213.0.2/30")]
    [InlineData("warren:web1 10.213.0.2/30 6000:8080")]
    [InlineData("warren:web1 10.213.0.2/30 6000:8080 53:53/udp 127.0.0.1:8000-8009:9000-9009")]
    [InlineData("warren:web1 adopted 192.168.0.2/24 6000:8080")]
    [InlineData("warren:web1 adopted lo 192.168.0.2/24")]
    [InlineData("warren:adopted adopted 192.168.0.2/24")]
    [InlineData("warren:lo 192.168.0.2/24")]
    [InlineData("warren:web1 10.213.0.2/30 6000:8080 ...")]
    [InlineData("warren:web1 10.213.0.2/30 ...")]
    [InlineData("warren:web1 >tun0 10.213.0.2/30 6000:8080")]
    [InlineData("warren:web1 @shop adopted lo >eth0.7 10.213.0.2/30")]
    public void Are_read_and_written(string alias)
    {
        LinkMark.TryParse(alias, out LinkMark? mark).Should().BeTrue();
        mark!.Write().Should().Be(alias);
    }

    [Theory]
    [InlineData("")]
    [InlineData("warren:web1 > 10.213.0.2/30")]
    [InlineData("warren:web1 >lo 10.213.0.2/30")]
    [InlineData("warren:web1 10.213.0.2/30 >tun0")]
    [InlineData("warren")]
    [InlineData("warren:")]
    [InlineData("warren:web1")]
    [InlineData("warren: 10.213.0.2/30")]
    [InlineData("warren:web/1 10.213.0.2/30")]
    [InlineData("Warren:web1 10.213.0.2/30")]
    [InlineData(" warren:web1 10.213.0.2/30")]
    [InlineData("warren:web1  10.213.0.2/30")]
    [InlineData("warren:web1 10.213.0.2/30 ")]
    [InlineData("warren:web1 10.213.0.2")]
    [InlineData("warren:web1 adopted")]
    [InlineData("warren:web1 lo adopted 10.213.0.2/30")]
    [InlineData("warren:web1 10.213.0.2/30 8080")]
    [InlineData("warren:web1 10.213.0.2/30 6000-6001:80")]
    [InlineData("warren:web1 10.213.0.2/30 6000:8080/tcp")]
    [InlineData("warren:web1 10.213.0.2/30 0.0.0.0:6000:8080")]
    [InlineData("warren:web1 10.213.0.2/30 ... 6000:8080")]
    [InlineData("warren:web1 10.213.0.2/30 ... ...")]
    [InlineData("warren:web1 10.213.0.2/30 6000:8080\n")]
    [InlineData("my uplink")]
    public void Of_others_are_not_taken_for_ours(string alias) => LinkMark.TryParse(alias, out _).Should().BeFalse();

    [Fact]
    public void Fit_into_an_alias() => s_any.Sample(mark => mark.Write().Length <= 255);

    [Fact]
    public void Say_what_they_said_or_that_there_is_more() =>
        s_any.Sample(mark =>
        {
            string alias = mark.Write();
            return LinkMark.TryParse(alias, out LinkMark? read)
                && read.Namespace == mark.Namespace
                && read.Inside == mark.Inside
                && read.Adopted == mark.Adopted
                && read.SwitchedLoopbackOn == mark.SwitchedLoopbackOn
                && read.Forwards.SequenceEqual(mark.Forwards.Take(read.Forwards.Count))
                && read.Cut == (read.Forwards.Count < mark.Forwards.Count)
                && read.Write() == alias;
        });

    [Fact]
    public void Are_cut_only_if_they_must_be() =>
        s_any.Sample(mark => new LinkMark(mark.Namespace, mark.Inside, [.. mark.Forwards.Take(3)]).Write().EndsWith("...", StringComparison.Ordinal) == false);

    [Fact]
    public void Once_cut_stay_cut_with_other_forwards() =>
        s_any.Sample(mark =>
        {
            if (!LinkMark.TryParse(mark.Write(), out LinkMark? read) || !read.Cut)
                return true;
            LinkMark less = read with { Forwards = [.. read.Forwards.Take(1)] };
            return LinkMark.TryParse(less.Write(), out LinkMark? again) && again.Cut;
        });

    [Fact]
    public void Any_text_is_read_or_refused() =>
        Gen.OneOf(
                Gen.String,
                Gen.String.Select(text => "warren:" + text),
                Gen.Select(s_any, Gen.Int[0, 255], Gen.Char).Select((mark, place, c) => Spoiled(mark.Write(), place, c))
            )
            .Sample(alias => !LinkMark.TryParse(alias, out LinkMark? mark) || mark.Write() == alias);

    private static string Spoiled(string text, int place, char c)
    {
        place = Math.Min(place, text.Length - 1);
        return text[..place] + c + text[(place + 1)..];
    }
}
