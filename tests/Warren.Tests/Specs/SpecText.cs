using System.Collections;
using System.Net;
using System.Reflection;
using System.Text;
using Warren.Model;

namespace Warren.Tests.Specs;

/// <summary>Everything that is in a spec, as text: two are equal when their texts are.</summary>
internal static class SpecText
{
    public static string Of(Spec spec)
    {
        var text = new StringBuilder();
        Append(text, spec, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, int depth)
    {
        switch (value)
        {
            case null:
                text.Append("null\n");
                break;
            case string or IPAddress or ValueType or PortRequest:
                text.Append('«').Append(value).Append("»\n");
                break;
            case IEnumerable list:
                text.Append('\n');
                foreach (object? each in list)
                    Append(text.Append(' ', depth).Append("- "), each, depth + 2);
                break;
            default:
                text.Append(value.GetType().Name).Append('\n');
                foreach (PropertyInfo property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                    Append(text.Append(' ', depth).Append(property.Name).Append(": "), property.GetValue(value), depth + 2);
                break;
        }
    }
}
