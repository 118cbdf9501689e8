namespace Warren.Specs;

/// <summary>The first file, for <c>warren init</c>.</summary>
internal static class SpecTemplate
{
    /// <summary>The file's text: valid as it is, with the main keys, most of them commented out.</summary>
    public static string Text { get; } =
        """
        # Namespaces with published ports, and the programs in them.
        #   sudo warren up      makes it so
        #   sudo warren down    removes it again
        # For help in an editor: warren schema > warren.schema.json, and as the first line of this file
        #   yaml-language-server: $schema=warren.schema.json

        namespaces:
          web1:
            ports: ["6000:8080"]          # HOSTPORT:PORT; 127.0.0.1:6000:8080 for this host alone, 53:53/udp for UDP
            run: python3 -m http.server 8080

          # a namespace with several programs
          # web2:
          #   subnet: 192.168.0.0/24      # chosen free if left out
          #   ports: ["6001:8080"]
          #   dns: [1.1.1.1]              # the host's if left out
          #   environment: { LOG: debug } # ${NAME} and ${NAME:-default} are replaced, $$ is a dollar
          #   services:
          #     db: redis-server
          #     web:
          #       command: [gunicorn, "app:app", -b, "0.0.0.0:8080"]
          #       working_dir: ./app
          #       depends_on: [db]
          #       ready: { port: 8080 }
          #       restart: on-failure

        """;
}
