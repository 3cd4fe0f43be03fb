package hikyaku.protocol.sieve;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A script that was checked whole; {@link Interpreter} runs it. Safe for use by many threads. */
public final class Script {
  private final Set<Extension> required;
  private final List<Command> commands;
  private final List<Redirection> redirections;

  Script(Set<Extension> required, List<Command> commands, List<Redirection> redirections) {
    this.required = Set.copyOf(required);
    this.commands = List.copyOf(commands);
    this.redirections = List.copyOf(redirections);
  }

  /**
   * An address to redirect to.
   *
   * @param at the command's place
   * @param address of good syntax
   */
  public record Redirection(Position at, String address) {}

  /**
   * Reads a script.
   *
   * @param octets in UTF-8 (RFC 5228 §2.1)
   * @throws SieveException if it is not valid
   */
  public static Script read(byte[] octets, SieveLimits limits) throws SieveException {
    if (octets.length > limits.scriptOctets()) {
      throw new SieveException(
          new Position(1, 1), "a script has at most " + limits.scriptOctets() + " octets");
    }
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(octets))
              .toString();
    } catch (CharacterCodingException e) {
      throw new SieveException(new Position(1, 1), "the script is not UTF-8");
    }
    return new Compiler(EnumSet.allOf(Extension.class), limits).compile(Parser.parse(text, limits));
  }

  /** What it requires. */
  public Set<Extension> required() {
    return required;
  }

  /** Where it may redirect to, as far as that is the same in every run. */
  public List<Redirection> redirections() {
    return redirections;
  }

  List<Command> commands() {
    return commands;
  }
}
