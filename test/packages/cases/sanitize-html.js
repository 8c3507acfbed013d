import sanitizeHtml from 'sanitize-html';
export default () => sanitizeHtml('<b onclick="x">ok</b><script>no</script>');
