package hikyaku.protocol.sieve;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A command or a test as RFC 5228 §8.2 has it, whatever it is called.
 *
 * @param name in lower case
 * @param tests of a command or a test, in order
 * @param list whether they stand in brackets
 * @param block the commands in braces, or null if it ends with a semicolon
 */
record Node(
    Position at,
    String name,
    List<Argument> arguments,
    List<Node> tests,
    boolean list,
    @Nullable List<Node> block) {

  /** An argument. */
  sealed interface Argument {
    Position at();

    record Tag(Position at, String name) implements Argument {}

    record Number(Position at, long value) implements Argument {}

    /**
     * A string or a list of them.
     *
     * @param list whether it stood in brackets
     */
    record Strings(Position at, List<String> values, boolean list) implements Argument {}
  }
}
