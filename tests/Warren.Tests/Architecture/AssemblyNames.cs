using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Warren.Tests.Architecture;

/// <summary>What the code of a compiled assembly names, read from its metadata and instructions: nothing hides from it behind a
/// <c>var</c>, as it does from who reads <c>using</c> lines.</summary>
internal static class AssemblyNames
{
    private static readonly Dictionary<ushort, OperandType> s_operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => unchecked((ushort)code.Value), code => code.OperandType);

    /// <summary>The assemblies that an assembly refers to.</summary>
    public static IReadOnlyList<string> References(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(name => name.Name!)];

    /// <summary>Every place where a type of some C# namespaces names a type of another assembly: <c>Planner.Make: MacAddress</c>.</summary>
    /// <param name="assembly">Where the types are.</param>
    /// <param name="isInside">Whether a C# namespace counts.</param>
    /// <param name="other">The other assembly's name.</param>
    public static IReadOnlyList<string> Uses(Assembly assembly, Func<string, bool> isInside, string other)
    {
        using FileStream file = File.OpenRead(assembly.Location);
        using var image = new PEReader(file);
        return new Search(image, image.GetMetadataReader(), other).Run(isInside);
    }

    private sealed class Search(PEReader image, MetadataReader reader, string other)
    {
        private readonly SortedSet<string> _found = new(StringComparer.Ordinal);
        private string _place = "";

        public IReadOnlyList<string> Run(Func<string, bool> isInside)
        {
            foreach (TypeDefinitionHandle handle in reader.TypeDefinitions)
            {
                TypeDefinition type = reader.GetTypeDefinition(handle);
                if (!isInside(NamespaceOf(type)))
                    continue;
                string name = reader.GetString(type.Name);
                _place = name;
                Token(type.BaseType);
                foreach (InterfaceImplementationHandle each in type.GetInterfaceImplementations())
                    Token(reader.GetInterfaceImplementation(each).Interface);
                foreach (FieldDefinitionHandle each in type.GetFields())
                {
                    FieldDefinition field = reader.GetFieldDefinition(each);
                    _place = $"{name}.{reader.GetString(field.Name)}";
                    Signature(field.Signature);
                }
                foreach (MethodDefinitionHandle each in type.GetMethods())
                {
                    MethodDefinition method = reader.GetMethodDefinition(each);
                    _place = $"{name}.{reader.GetString(method.Name)}";
                    Signature(method.Signature);
                    if (method.RelativeVirtualAddress != 0)
                        Body(image.GetMethodBody(method.RelativeVirtualAddress));
                }
            }
            return [.. _found];
        }

        private string NamespaceOf(TypeDefinition type)
        {
            while (!type.GetDeclaringType().IsNil)
                type = reader.GetTypeDefinition(type.GetDeclaringType());
            return reader.GetString(type.Namespace);
        }

        private void Body(MethodBodyBlock body)
        {
            if (!body.LocalSignature.IsNil)
                Signature(reader.GetStandaloneSignature(body.LocalSignature).Signature);
            foreach (ExceptionRegion region in body.ExceptionRegions)
                Token(region.CatchType);
            BlobReader il = body.GetILReader();
            while (il.RemainingBytes > 0)
            {
                ushort code = il.ReadByte();
                if (code == 0xfe)
                    code = (ushort)(0xfe00 | il.ReadByte());
                switch (s_operands[code])
                {
                    case OperandType.InlineNone:
                        break;
                    case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                        il.ReadByte();
                        break;
                    case OperandType.InlineVar:
                        il.ReadUInt16();
                        break;
                    case OperandType.InlineI8 or OperandType.InlineR:
                        il.ReadUInt64();
                        break;
                    case OperandType.InlineSwitch:
                        for (uint count = il.ReadUInt32(); count > 0; count--)
                            il.ReadUInt32();
                        break;
                    case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                        Token((EntityHandle)MetadataTokens.Handle(il.ReadInt32()));
                        break;
                    default:
                        il.ReadUInt32();
                        break;
                }
            }
        }

        private void Token(EntityHandle handle)
        {
            if (handle.IsNil)
                return;
            switch (handle.Kind)
            {
                case HandleKind.TypeReference:
                    Type((TypeReferenceHandle)handle);
                    break;
                case HandleKind.TypeSpecification:
                    Signature(reader.GetTypeSpecification((TypeSpecificationHandle)handle).Signature);
                    break;
                case HandleKind.MemberReference:
                    MemberReference member = reader.GetMemberReference((MemberReferenceHandle)handle);
                    Token(member.Parent);
                    Signature(member.Signature);
                    break;
                case HandleKind.MethodSpecification:
                    MethodSpecification method = reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                    Token(method.Method);
                    Signature(method.Signature);
                    break;
                case HandleKind.MethodDefinition:
                    // a method of this assembly that takes or gives a type of the other: whoever calls it names it
                    Signature(reader.GetMethodDefinition((MethodDefinitionHandle)handle).Signature);
                    break;
                case HandleKind.FieldDefinition:
                    Signature(reader.GetFieldDefinition((FieldDefinitionHandle)handle).Signature);
                    break;
            }
        }

        private void Type(TypeReferenceHandle handle)
        {
            TypeReference type = reader.GetTypeReference(handle);
            if (type.ResolutionScope.Kind == HandleKind.TypeReference)
                Type((TypeReferenceHandle)type.ResolutionScope);
            else if (
                type.ResolutionScope.Kind == HandleKind.AssemblyReference
                && reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == other
            )
            {
                _found.Add($"{_place}: {reader.GetString(type.Name)}");
            }
        }

        // ECMA-335 II.23.2: in a signature a type is CLASS (0x12) or VALUETYPE (0x11) and a coded token. Read as every kind of
        // signature by the decoder of the framework.
        private void Signature(BlobHandle blob)
        {
            BlobReader bytes = reader.GetBlobReader(blob);
            var decoder = new SignatureDecoder<int, object?>(new Types(this), reader, null);
            var kind = (SignatureKind)(bytes.Length > 0 ? reader.GetBlobBytes(blob)[0] & 0x0f : 0);
            switch (kind)
            {
                case SignatureKind.Field:
                    decoder.DecodeFieldSignature(ref bytes);
                    break;
                case SignatureKind.LocalVariables:
                    decoder.DecodeLocalSignature(ref bytes);
                    break;
                case SignatureKind.MethodSpecification:
                    decoder.DecodeMethodSpecificationSignature(ref bytes);
                    break;
                default:
                    if (IsTypeSpecification(reader.GetBlobBytes(blob)[0]))
                        decoder.DecodeType(ref bytes);
                    else
                        decoder.DecodeMethodSignature(ref bytes);
                    break;
            }
        }

        // ARRAY, GENERICINST, SZARRAY, VAR, MVAR, PTR, BYREF, FNPTR
        private static bool IsTypeSpecification(byte first) => first is 0x14 or 0x15 or 0x1d or 0x13 or 0x1e or 0x0f or 0x1b;

        private sealed class Types(Search search) : ISignatureTypeProvider<int, object?>
        {
            public int GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
            {
                search.Type(handle);
                return 0;
            }

            public int GetTypeFromSpecification(MetadataReader reader, object? context, TypeSpecificationHandle handle, byte rawTypeKind)
            {
                search.Token(handle);
                return 0;
            }

            public int GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => 0;

            public int GetArrayType(int elementType, ArrayShape shape) => 0;

            public int GetByReferenceType(int elementType) => 0;

            public int GetFunctionPointerType(MethodSignature<int> signature) => 0;

            public int GetGenericInstantiation(int genericType, System.Collections.Immutable.ImmutableArray<int> typeArguments) => 0;

            public int GetGenericMethodParameter(object? context, int index) => 0;

            public int GetGenericTypeParameter(object? context, int index) => 0;

            public int GetModifiedType(int modifier, int unmodifiedType, bool isRequired) => 0;

            public int GetPinnedType(int elementType) => 0;

            public int GetPointerType(int elementType) => 0;

            public int GetPrimitiveType(PrimitiveTypeCode typeCode) => 0;

            public int GetSZArrayType(int elementType) => 0;
        }
    }
}
