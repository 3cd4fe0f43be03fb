package hikyaku.systemtests.internet;

import java.io.IOException;

/**
 * A server that offers MT-PRIORITY (RFC 6710), which none of Debian does, and nothing else. It
 * keeps all mail, behind a line with the command that named its sender.
 */
final class Priorities {
  static final String DOMAIN = "priority.example";

  private static final String SERVER =
      """
      import os
      import socketserver

      class Session(socketserver.StreamRequestHandler):
          def say(self, line):
              self.wfile.write(line + b"\\r\\n")

          def keep(self, text):
              name = "%d-%d" % (self.client_address[1], self.connection.fileno())
              with open("tmp/" + name, "wb") as file:
                  file.write(text.replace(b"\\r\\n", b"\\n"))
              os.rename("tmp/" + name, "new/" + name)

          def handle(self):
              self.say(b"220 mx.priority.example")
              for line in self.rfile:
                  verb = line[:4].upper()
                  if verb == b"MAIL":
                      mail = line
                  if verb == b"EHLO":
                      self.say(b"250-mx.priority.example\\r\\n250 MT-PRIORITY MIXER")
                  elif verb == b"DATA":
                      self.say(b"354 go on")
                      text = mail
                      while (line := self.rfile.readline()) != b".\\r\\n":
                          text += line
                      self.keep(text)
                      self.say(b"250 kept")
                  elif verb == b"QUIT":
                      return self.say(b"221 bye")
                  else:
                      self.say(b"250 well")

      class Server(socketserver.ThreadingTCPServer):
          allow_reuse_address = True

      os.chdir("/var/mail/priority.example")
      Server(("", 25), Session).serve_forever()
      """;

  private Priorities() {}

  static void start(Host host) throws IOException {
    host.etc("priorities", SERVER);
    host.open("mail/" + DOMAIN + "/tmp");
    host.open("mail/" + DOMAIN + "/new");
    host.launch("/usr/bin/python3", "/etc/priorities");
  }
}
