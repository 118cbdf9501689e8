namespace Warren.Firewall.Neighbours;

/// <summary>A neighbour's firewall could not be opened or closed; the message says which, why, and what to type.</summary>
internal sealed class NeighbourException(string message) : Exception(message);
