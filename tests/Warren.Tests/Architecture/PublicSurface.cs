using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Warren.Tests.Architecture;

/// <summary>What others can build on is written down, so that no change of it goes unnoticed.</summary>
public sealed class PublicSurface
{
    [Fact]
    public void Of_netlink() =>
        Describe(typeof(Warren.Netlink.Wire.NetlinkSocket).Assembly).ShouldBeIn("tests/Warren.Tests/Architecture/Warren.Netlink.txt");

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(Declared).Where(IsVisible).Select(Line).Order(StringComparer.Ordinal);
            foreach (string member in members)
                text.Append("    ").Append(member).Append('\n');
        }
        return text.ToString();
    }

    private static string Head(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => type.IsByRefLike ? "ref struct" : "struct",
            _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
            _ when type.GetMethod("<Clone>$") is not null => "record",
            _ => "class",
        };
        string kept = type is { IsAbstract: true, IsSealed: true } ? "static " : type is { IsAbstract: true, IsInterface: false } ? "abstract " : "";
        string under = type.IsEnum ? " : " + Name(Enum.GetUnderlyingType(type))
            : type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(MulticastDelegate) ? " : " + Name(parent)
            : "";
        return $"{kept}{kind} {type.Namespace}.{Name(type)}{under}";
    }

    private static bool IsVisible(MemberInfo member) =>
        member switch
        {
            // of a record the compiler makes the rest of its own accord
            _ when member.IsDefined(typeof(CompilerGeneratedAttribute)) || member.Name is "<Clone>$" or "EqualityContract" => false,
            MethodBase { IsSpecialName: true, IsConstructor: false } method => method.Name.StartsWith("op_", StringComparison.Ordinal) && IsPublic(method),
            MethodBase method => IsPublic(method),
            FieldInfo field => field is { IsSpecialName: false } && (field.IsPublic || field.IsFamily),
            PropertyInfo property => (property.GetMethod ?? property.SetMethod) is { } accessor && IsPublic(accessor),
            TypeInfo => false,
            _ => true,
        };

    private static bool IsPublic(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Line(MemberInfo member) =>
        member switch
        {
            ConstructorInfo constructor => $"new({Parameters(constructor)})",
            MethodInfo method => $"{(method.IsStatic ? "static " : "")}{Name(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
            FieldInfo { IsLiteral: true } field => $"const {Name(field.FieldType)} {field.Name} = {field.GetRawConstantValue()}",
            FieldInfo field => $"{(field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
            PropertyInfo property => $"{((property.GetMethod ?? property.SetMethod)!.IsStatic ? "static " : "")}{Name(property.PropertyType)} {property.Name} {{{Accessors(property)} }}",
            _ => member.ToString()!,
        };

    private static string Accessors(PropertyInfo property)
    {
        string get = property.GetMethod is { } getter && IsPublic(getter) ? " get;" : "";
        if (property.SetMethod is not { } setter || !IsPublic(setter))
            return get;
        bool init = setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        return get + (init ? " init;" : " set;");
    }

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(each => $"{Name(each.ParameterType)} {each.Name}{(each.HasDefaultValue ? " = " + (each.RawDefaultValue ?? "default") : "")}"));

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return "ref " + Name(type.GetElementType()!);
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        string name = type.IsNested && !type.IsGenericParameter ? $"{Name(type.DeclaringType!)}.{type.Name}" : type.Name;
        int tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }
}
