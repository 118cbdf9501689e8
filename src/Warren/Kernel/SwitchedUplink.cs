namespace Warren.Kernel;

/// <summary>A link of the host on which Warren switched forwarding on.</summary>
/// <param name="Name">The name that it had then.</param>
/// <param name="Index">Its number, which stays when it is renamed; 0 if it was not noted.</param>
internal readonly record struct SwitchedUplink(string Name, int Index);
