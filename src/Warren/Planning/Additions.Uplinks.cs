using Warren.Model;
using Warren.Planning.Steps;

namespace Warren.Planning;

// The part about the one link of the host by which a namespace leaves.
internal sealed partial class Additions
{
    private static string? UplinkOf(NamespaceWish wish, string? before) => wish.Uplink ?? (wish.Exact ? null : before);

    // What the table says of a link that stands or comes. It may say something of one that had the name before.
    private void Pin(ObservedNamespace space, LinkMark mark)
    {
        if (_pin.Exists(entry => entry.Namespace == space.Name) || _unpin.Exists(entry => entry.Namespace == space.Name))
            return;
        Pin? wanted = mark.Uplink is { } uplink ? new Pin(space.LinkName, uplink) : null;
        bool there = false;
        foreach (Pin pin in _observed.Pins)
        {
            if (pin.Link != space.LinkName)
                continue;
            if (pin == wanted)
                there = true;
            else
                _unpin.Add(new PinEntry(pin, space.Name));
        }
        if (wanted is not { } missing)
            return;
        // with another's pin goes that the link is pinned at all
        if (!there || _unpin.Exists(entry => entry.Namespace == space.Name))
            _pin.Add(new PinEntry(missing, space.Name));
        if (_observed.AbsentUplinks.Contains(missing.Uplink))
            _cutOff.Add(KeyValuePair.Create(space.Name, missing.Uplink));
    }

    private List<PinEntry> AllPins()
    {
        var all = new List<PinEntry>(_pin);
        foreach (ObservedNamespace space in _observed.Namespaces)
        {
            if (space.Link?.Mark?.Uplink is { } uplink && !_wished.Contains(space.Name) && !_wish.Prune.Contains(space.Name))
                all.Add(new PinEntry(new Pin(space.LinkName, uplink), space.Name));
        }
        return all;
    }
}
