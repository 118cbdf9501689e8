namespace Warren.Diagnosis;

/// <summary>The way that a namespace's packets to the world take on the host.</summary>
/// <param name="Link">The link that they would leave by; empty if there is none.</param>
/// <param name="Fault">Why there is none, in the kernel's words; empty if there is one.</param>
internal sealed record WayOut(string Link, string Fault);
