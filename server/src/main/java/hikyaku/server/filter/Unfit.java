package hikyaku.server.filter;

/** Why a script cannot have what it wants, as a sentence for its author. */
final class Unfit extends Exception {
  Unfit(String sentence) {
    super(sentence);
  }
}
